// 04_multi_head_attention — Write the whole layer: project, split, attend, merge, project.
// Exercise 4 · 30 minutes · ●●● · after 04_split_heads, 04_merge_heads, 04_per_head_attention
//
//   query (B, T, C), key (B, S, C), value (B, S, C), allowed (B, T, S) or undefined -> (B, T, C)
//   head_i = attention(query · W_q^i, key · W_k^i, value · W_v^i)
//   output = [head_1 … head_H] · W_O + its bias
//
// The layer stores W_Q, W_K and W_V stacked, (3C, C), and their biases likewise, (3C): rows 0 … C-1
// are W_Q. As in every linear layer, a row computes one output channel. Head i uses the channels
// i·D … i·D + D-1. A masked key gets weight 0, even if it contains NaN (values are always finite).
// For a query with no allowed key, the output is the bias of W_O. Throw if d_model is not divisible
// by H. Your solutions of split_heads and merge_heads can be reused here.
//
// You may use:  linear(x, weight, bias) = x · weightᵀ + bias, x.slice(axis, begin, stop), x.reshape,
//               x.transpose, x.size(axis), mask.unsqueeze(axis), and lesson 02's
//               attention(q, k, v, {.mask = m}).output with q (…, T, D), k and v (…, S, D).
//               m broadcasts to (…, T, S); an undefined m masks nothing.
#include "lessons/04_multi_head_attention/exercises.h"

namespace heed::exercise {

Tensor multi_head_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                            const MultiHead& layer, const Mask& allowed) {
  // solution: project, split, attend, merge, project
  const index_t c = query.size(-1), width = c / layer.heads;
  const auto heads_of = [&](const Tensor& x, index_t third) {  // -> (B, H, T, D)
    const index_t begin = third * c, stop = begin + c;
    const Tensor weight = layer.in_proj_weight.slice(0, begin, stop);
    const Tensor projected = linear(x, weight, layer.in_proj_bias.slice(0, begin, stop));
    return projected.reshape({x.size(0), x.size(1), layer.heads, width}).transpose(1, 2);
  };
  const Tensor q = heads_of(query, 0), k = heads_of(key, 1), v = heads_of(value, 2);
  const Mask for_all_heads = allowed.defined() ? allowed.unsqueeze(1) : allowed;
  const Tensor result = attention(q, k, v, {.mask = for_all_heads}).output;  // (B, H, T, D)
  const Tensor merged = result.transpose(1, 2).reshape(query.shape());
  return linear(merged, layer.out_proj_weight, layer.out_proj_bias);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. One stacked weight holds the projections of query, key and value. Which of its rows belong to
//    the keys?
// 2. q = query · W_qᵀ + b_q is (B, T, C); k and v are (B, S, C). Split each into (B, H, …, D),
//    compute attention in all heads at once with the mask as (B, 1, T, S), merge to (B, T, C), and
//    apply the output projection.
// 3. One lambda serves all three: `linear(x, layer.in_proj_weight.slice(0, i * c, (i + 1) * c), …)`
//    with i = 0, 1, 2, then `.reshape({x.size(0), x.size(1), layer.heads, c /
//    layer.heads}).transpose(1, 2)`. After `attention(q, k, v, {.mask = …}).output` comes
//    `.transpose(1, 2).reshape(query.shape())`, then `linear` with the weight and bias of the
//    output projection.
