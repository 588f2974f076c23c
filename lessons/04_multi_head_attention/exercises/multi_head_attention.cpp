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
  todo("project, split, attend, merge, project");
}

}  // namespace heed::exercise
