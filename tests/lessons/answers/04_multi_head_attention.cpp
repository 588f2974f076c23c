#include <cmath>

#include "lessons/04_multi_head_attention/exercises.h"
#include "nn/multihead_attention.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

// Rows of the stacked projection: 0 queries, 1 keys, 2 values.
Tensor third(index_t i, const Tensor& x, const MultiHead& layer) {
  const index_t c = x.size(-1);
  return linear(x, layer.in_proj_weight.slice(0, i * c, (i + 1) * c),
                layer.in_proj_bias.slice(0, i * c, (i + 1) * c));
}
Tensor by_head(const Tensor& x, index_t heads) {
  check(x.size(2) % heads == 0, "by_head", "the channels are not divisible by the heads");
  return x.reshape({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
}
Tensor merge(const Tensor& x) {
  return x.transpose(1, 2).reshape({x.size(0), x.size(2), x.size(1) * x.size(3)});
}
Mask for_all_heads(const Mask& allowed) { return allowed.defined() ? allowed.unsqueeze(1) : allowed; }
Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const MultiHead& layer, const Mask& mask) {
  const Tensor output =
      attention(by_head(q, layer.heads), by_head(k, layer.heads), by_head(v, layer.heads), {.mask = mask})
          .output;
  return linear(merge(output), layer.out_proj_weight, layer.out_proj_bias);
}
Tensor reference(const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
                 const Mask& allowed) {
  return attend(third(0, query, layer), third(1, key, layer), third(2, value, layer), layer,
                for_all_heads(allowed));
}
Mask first_of(const Mask& mask, index_t axis) {
  return masked_fill(zeros(mask.shape()), mask, 1).slice(axis, 0, 1) > 0;
}

const Answers<decltype(multi_head_attention)> answers{
    {"the library's module", "pass",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       Generator gen;
       nn::MultiheadAttention mha({.d_model = query.size(-1), .nhead = layer.heads, .batch_first = true},
                                  gen);
       mha.in_proj_weight = layer.in_proj_weight;
       mha.in_proj_bias = layer.in_proj_bias;
       mha.out_proj.weight = layer.out_proj_weight;
       mha.out_proj.bias = layer.out_proj_bias;
       return mha.forward(query, key, value, {.mask = allowed}).output;
     }},
    {"head by head, each with its part of W_O", "pass",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       const index_t c = query.size(-1), d = c / layer.heads;
       check(d * layer.heads == c, "multi_head_attention", "the channels are not divisible by the heads");
       const Tensor q = third(0, query, layer), k = third(1, key, layer), v = third(2, value, layer);
       Tensor sum = layer.out_proj_bias;
       for (index_t h = 0; h < layer.heads; ++h) {
         const auto part = [&](const Tensor& x) { return x.slice(-1, h * d, (h + 1) * d); };
         const Tensor found = attention(part(q), part(k), part(v), {.mask = allowed}).output;
         sum = matmul(found, part(layer.out_proj_weight).transpose(0, 1)) + sum;
       }
       return sum;
     }},
    {"by hand, with scaled_dot_product_attention", "pass",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       const Tensor q = by_head(third(0, query, layer), layer.heads),
                    k = by_head(third(1, key, layer), layer.heads),
                    v = by_head(third(2, value, layer), layer.heads);
       const Tensor found = scaled_dot_product_attention(q, k, v, {.mask = for_all_heads(allowed)});
       return linear(merge(found), layer.out_proj_weight, layer.out_proj_bias);
     }},
    {"the mask is not used for one query", "MK-01",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       return reference(query, key, value, layer, query.size(1) == 1 ? Mask() : allowed);
     }},
    {"the mask is not used in a batch of one", "MK-01",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       return reference(query, key, value, layer, query.size(0) == 1 ? Mask() : allowed);
     }},
    {"the mask is not used if T and S are equal", "MK-01",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       return reference(query, key, value, layer, query.size(1) == key.size(1) ? Mask() : allowed);
     }},
    {"the mask is not used if T and S differ", "MK-01",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       return reference(query, key, value, layer, query.size(1) != key.size(1) ? Mask() : allowed);
     }},
    {"the mask of the first sample", "MK-25",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       return reference(query, key, value, layer, allowed.defined() ? first_of(allowed, 0) : allowed);
     }},
    {"the mask of the first query", "MK-40",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       return reference(query, key, value, layer, allowed.defined() ? first_of(allowed, 1) : allowed);
     }},
    {"the mask inverted", "MK-02",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       return reference(query, key, value, layer, allowed.defined() ? !allowed : allowed);
     }},
    {"the mask without a head axis", "wrong",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       return attend(third(0, query, layer), third(1, key, layer), third(2, value, layer), layer, allowed);
     }},
    {"W_K for the values", "SA-08",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       return attend(third(0, query, layer), third(1, key, layer), third(1, value, layer), layer,
                     for_all_heads(allowed));
     }},
    {"the projected keys for the values", "likely SA-08",
     [](const Tensor& query, const Tensor& key, const Tensor&, const MultiHead& layer, const Mask& allowed) {
       const Tensor k = third(1, key, layer);
       return attend(third(0, query, layer), k, k, layer, for_all_heads(allowed));
     }},
    {"the values from key", "MH-62",
     [](const Tensor& query, const Tensor& key, const Tensor&, const MultiHead& layer, const Mask& allowed) {
       return reference(query, key, key, layer, allowed);
     }},
    {"keys and values from the query if the lengths are equal", "MH-23",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       const bool same = query.size(1) == key.size(1);
       return reference(query, same ? query : key, same ? query : value, layer, allowed);
     }},
    {"heads added", "wrong",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       const Tensor q = by_head(third(0, query, layer), layer.heads),
                    k = by_head(third(1, key, layer), layer.heads),
                    v = by_head(third(2, value, layer), layer.heads);
       const Tensor sum = attention(q, k, v, {.mask = for_all_heads(allowed)}).output.sum({1});
       const Tensor repeated = cat(std::vector<Tensor>(static_cast<std::size_t>(layer.heads), sum), -1);
       return linear(repeated, layer.out_proj_weight, layer.out_proj_bias);
     }},
    {"no bias of W_O", "MH-63",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) { return reference(query, key, value, layer, allowed) - layer.out_proj_bias; }},
    {"no bias at all", "MH-64",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       MultiHead bare = layer;
       bare.in_proj_bias = zeros(layer.in_proj_bias.shape(), query.dtype());
       bare.out_proj_bias = zeros(layer.out_proj_bias.shape(), query.dtype());
       return reference(query, key, value, bare, allowed);
     }},
    {"no scale and no mask", "likely SD-01",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer, const Mask&) {
       const double root = std::sqrt(static_cast<double>(query.size(-1) / layer.heads));
       return attend(third(0, query, layer) * root, third(1, key, layer), third(2, value, layer), layer, {});
     }},
    {"the first head for all", "wrong",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       const Tensor q = by_head(third(0, query, layer), layer.heads),
                    k = by_head(third(1, key, layer), layer.heads),
                    v = by_head(third(2, value, layer), layer.heads);
       const Tensor found = attention(q, k, v, {.mask = for_all_heads(allowed)}).output;
       return linear(merge(found.slice(1, 0, 1).expand(found.shape())), layer.out_proj_weight,
                     layer.out_proj_bias);
     }},
    {"two heads for every layer", "wrong",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       MultiHead two = layer;
       two.heads = 2;
       return reference(query, key, value, two, allowed);
     }},
    {"one head if the channels are not divisible by the heads", "wrong",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       MultiHead other = layer;
       if (query.size(-1) % layer.heads != 0) other.heads = 1;
       return reference(query, key, value, other, allowed);
     }},
    {"a fully masked row may attend to every key", "wrong",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       const Tensor q = by_head(third(0, query, layer), layer.heads),
                    k = by_head(third(1, key, layer), layer.heads),
                    v = by_head(third(2, value, layer), layer.heads);
       Tensor scores = matmul(q, k.transpose(-2, -1)) / std::sqrt(static_cast<double>(q.size(-1)));
       if (allowed.defined()) scores = masked_fill(scores, !allowed.unsqueeze(1), -1e9);
       return linear(merge(matmul(softmax(scores, -1), v)), layer.out_proj_weight, layer.out_proj_bias);
     }},
    {"scores times 0 for masked keys", "wrong",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       const Tensor k = third(1, key, layer);
       return attend(third(0, query, layer), k * 1.0 + sum(key * 0.0), third(2, value, layer), layer,
                     for_all_heads(allowed));
     }},
    {"the layer detached", "wrong",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       const MultiHead still{layer.heads, layer.in_proj_weight.detach(), layer.in_proj_bias.detach(),
                             layer.out_proj_weight, layer.out_proj_bias};
       return reference(query, key, value, still, allowed);
     }},
    {"computed in f32", "wrong",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       const MultiHead small{layer.heads, layer.in_proj_weight.to(f32), layer.in_proj_bias.to(f32),
                             layer.out_proj_weight.to(f32), layer.out_proj_bias.to(f32)};
       return reference(query.to(f32), key.to(f32), value.to(f32), small, allowed);
     }},
    {"a weight of the layer is modified", "likely SD-34",
     [](const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
        const Mask& allowed) {
       const Tensor result = reference(query, key, value, layer, allowed);
       Tensor same = layer.out_proj_weight.detach();
       same.mul_(2);
       return result;
     }}};

}  // namespace

Tensor multi_head_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                            const MultiHead& layer, const Mask& allowed) {
  return answers.chosen(query, key, value, layer, allowed);
}

}  // namespace heed::exercise
