#include <array>
#include <cmath>

#include "lessons/02_scaled_dot_product_attention/checks/masks.h"
#include "lessons/04_multi_head_attention/checks/heads.h"
#include "lessons/04_multi_head_attention/exercises.h"
#include "lessons/check/check.h"
#include "nn/multihead_attention.h"

namespace heed::exercise {
namespace {

Tensor reference(const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
                 const Mask& allowed) {
  Generator gen;
  nn::MultiheadAttention mha({.d_model = query.size(-1), .nhead = layer.heads, .batch_first = true}, gen);
  mha.in_proj_weight = layer.in_proj_weight;
  mha.in_proj_bias = layer.in_proj_bias;
  mha.out_proj.weight = layer.out_proj_weight;
  mha.out_proj.bias = layer.out_proj_bias;
  return mha.forward(query, key, value, {.mask = allowed}).output;
}

// The options of an incorrect layer.
struct Steps {
  Tensor (*split)(const Tensor&, index_t) = into_heads;
  Tensor (*merge)(const Tensor&) = from_heads;
  bool scale_by_channels = false, scaled = true, masked = true, every_head_masked = true;
};
Tensor attend(const std::array<Tensor, 3>& qkv, const MultiHead& layer, const Mask& allowed,
              const Steps& steps) {
  const index_t h = layer.heads;
  const Tensor q = steps.split(qkv[0], h), k = steps.split(qkv[1], h), v = steps.split(qkv[2], h);
  const index_t divisor = !steps.scaled ? 1 : steps.scale_by_channels ? qkv[0].size(-1) : q.size(-1);
  const double width = static_cast<double>(divisor);
  const Mask mask = steps.masked && allowed.defined() ? allowed.unsqueeze(1) : Mask();
  Tensor output = attention(q, k, v, {.mask = mask, .scale = 1 / std::sqrt(width)}).output;
  if (!steps.every_head_masked) {
    const Tensor unmasked = attention(q, k, v).output;
    output = cat({output.slice(1, 0, 1), unmasked.slice(1, 1)}, 1);
  }
  return steps.merge(output);
}
// One third of the stacked projection: 0 queries, 1 keys, 2 values.
Tensor third(index_t i, const Tensor& x, const MultiHead& layer) {
  const index_t begin = i * x.size(-1), stop = begin + x.size(-1);
  const Tensor& bias = layer.in_proj_bias;
  return linear(x, layer.in_proj_weight.slice(0, begin, stop),
                bias.defined() ? bias.slice(0, begin, stop) : bias);
}
std::array<Tensor, 3> projected(const Tensor& query, const Tensor& key, const Tensor& value,
                                const MultiHead& layer) {
  return {third(0, query, layer), third(1, key, layer), third(2, value, layer)};
}
Tensor project_output(const Tensor& merged, const MultiHead& layer) {
  return linear(merged, layer.out_proj_weight, layer.out_proj_bias);
}
Tensor with(const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
            const Mask& allowed, const Steps& steps) {
  return project_output(attend(projected(query, key, value, layer), layer, allowed, steps), layer);
}

// The layout of some other models: q, k and v of each head together, (H, 3, D).
Tensor head_by_head(const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
                    const Mask& allowed) {
  const index_t c = query.size(-1), h = layer.heads;
  check(c % h == 0, "head_by_head", "the channels are not divisible by the heads");
  const auto stacked = [&](const Tensor& t, Shape shape) {
    return t.reshape({h, 3, c / h, -1}).transpose(0, 1).reshape(shape);
  };
  MultiHead other = layer;
  other.in_proj_weight = stacked(layer.in_proj_weight, {3 * c, c});
  other.in_proj_bias = stacked(layer.in_proj_bias, {3 * c});
  return reference(query, key, value, other, allowed);
}
Tensor in_order(std::array<index_t, 3> order, const Tensor& query, const Tensor& key, const Tensor& value,
                const MultiHead& layer, const Mask& allowed) {
  return project_output(
      attend({third(order[0], query, layer), third(order[1], key, layer), third(order[2], value, layer)},
             layer, allowed, {}),
      layer);
}
Tensor transposed(const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
                  const Mask& allowed) {
  MultiHead other = layer;
  std::vector<Tensor> thirds = chunk(layer.in_proj_weight, 3);
  for (Tensor& w : thirds) w = w.transpose(0, 1);
  other.in_proj_weight = cat(thirds);
  other.out_proj_weight = layer.out_proj_weight.transpose(0, 1);
  return reference(query, key, value, other, allowed);
}
MultiHead one_head(MultiHead layer) {
  layer.heads = 1;
  return layer;
}
MultiHead no_bias(MultiHead layer) {
  layer.in_proj_bias = Tensor();
  return layer;
}
MultiHead no_out_bias(MultiHead layer) {
  layer.out_proj_bias = Tensor();
  return layer;
}
// A mask whose batch axis is aligned with the axis of the heads.
Tensor mask_aligned_with_heads(const Tensor& query, const Tensor& key, const Tensor& value,
                               const MultiHead& layer, const Mask& allowed) {
  return reference(query, key, value, layer, allowed.defined() ? allowed.unsqueeze(0) : allowed);
}
// Uses the mask at index 0 of `axis` for the whole axis.
Tensor first_mask(index_t axis, const Tensor& query, const Tensor& key, const Tensor& value,
                  const MultiHead& layer, const Mask& allowed) {
  const Mask first = allowed.defined() ? first_of(allowed, axis).expand(allowed.shape()) : allowed;
  return reference(query, key, value, layer, first);
}

const checks::Exercise<decltype(multi_head_attention)> exercise{
    "04_multi_head_attention",
    multi_head_attention,
    reference,
    {{"MH-01", "your heads mix words; reshape to (B, T, H, D), then transpose T and H",
      [](auto&... inputs) { return with(inputs..., {.split = split_by_reshape}); }},
     {"MH-02", "the words were mixed when the heads were merged; transpose H and T first",
      [](auto&... inputs) { return with(inputs..., {.merge = merge_by_reshape}); }},
     {"MH-03", "split and merge both lack the transpose of T and H",
      [](auto&... inputs) {
        return with(inputs..., {.split = split_by_reshape, .merge = merge_by_reshape});
      }},
     {"MH-05", "one head was used instead of H",
      [](auto& q, auto& k, auto& v, auto& layer, auto& m) { return reference(q, k, v, one_head(layer), m); }},
     {"MH-06", "divided by √C; the width of a head is D = C / H, so divide by √D",
      [](auto&... inputs) { return with(inputs..., {.scale_by_channels = true}); }},
     {"MH-08", "W_O is missing: apply the output projection to the merged heads",
      [](auto& q, auto& k, auto& v, auto& layer, auto& m) {
        return attend(projected(q, k, v, layer), layer, m, {});
      }},
     {"MH-10", "head 1 ignored the mask; the mask applies to every head",
      [](auto&... inputs) { return with(inputs..., {.every_head_masked = false}); }},
     {"MH-12", "the channels were interleaved; here head 0 gets channels 0 … D-1",
      [](auto&... inputs) {
        return with(inputs..., {.split = split_interleaved, .merge = merge_interleaved});
      }},
     {"MH-17", "the batch axis of the mask was aligned with the heads; add a head axis, (B, 1, T, S)",
      mask_aligned_with_heads},
     {"MH-19", "W_K was read before W_Q; the order is W_Q, W_K, W_V, as in PyTorch",
      [](auto&... inputs) {
        return in_order({1, 0, 2}, inputs...);
      }},
     {"MH-20", "x · W instead of x · Wᵀ: a row of a weight computes one output channel", transposed},
     {"MH-21", "the biases of the projections are missing",
      [](auto& q, auto& k, auto& v, auto& layer, auto& m) { return with(q, k, v, no_bias(layer), m, {}); }},
     {"MH-63", "the bias of W_O is missing",
      [](auto& q, auto& k, auto& v, auto& layer, auto& m) {
        return with(q, k, v, no_out_bias(layer), m, {});
      }},
     {"MH-64", "no bias was added: neither in the three projections nor in W_O",
      [](auto& q, auto& k, auto& v, auto& layer, auto& m) {
        return with(q, k, v, no_out_bias(no_bias(layer)), m, {});
      }},
     {"MH-62", "the values were computed from `key`; compute them from `value`",
      [](auto& q, auto& k, auto&, auto& layer, auto& m) { return reference(q, k, k, layer, m); }},
     {"SA-08", "the values were computed with W_K; W_V is the last third of the rows",
      [](auto&... inputs) {
        return in_order({0, 1, 1}, inputs...);
      }},
     {"SD-01", "the scores were not divided by √D",
      [](auto&... inputs) { return with(inputs..., {.scaled = false}); }},
     {"MK-02", "the mask is inverted: TRUE = MAY ATTEND",
      [](auto& q, auto& k, auto& v, auto& layer, auto& m) {
        return reference(q, k, v, layer, m.defined() ? !m : m);
      }},
     {"MK-25", "the mask of the first sample was used for the whole batch",
      [](auto&... inputs) { return first_mask(0, inputs...); }},
     {"MK-40", "the mask of the first query was used for every query; row t belongs to query t",
      [](auto&... inputs) { return first_mask(1, inputs...); }},
     {"MH-22", "q, k and v were read head by head; the rows are all of W_Q, then W_K, then W_V",
      head_by_head},
     {"MH-23", "keys and values were computed from `query`; compute them from `key` and `value`",
      [](auto& q, auto&, auto&, auto& layer, auto& m) { return reference(q, q, q, layer, m); }},
     {"SA-01", "one projection was used for Q, K and V; each has its own third of the rows",
      [](auto&... inputs) {
        return in_order({0, 0, 0}, inputs...);
      }},
     {"MK-01", "the mask was not used: padding gets weight",
      [](auto&... inputs) { return with(inputs..., {.masked = false}); }}}};

// Two samples, four queries, five keys, six channels.
struct Fixture {
  explicit Fixture(index_t heads = 3, index_t batch = 2, index_t t = 4, index_t s = 5) {
    Generator gen(9);
    query = randn({batch, t, 6}, gen);
    key = randn({batch, s, 6}, gen);
    value = randn({batch, s, 6}, gen);
    layer = {heads, randn({18, 6}, gen), randn({18}, gen), randn({6, 6}, gen), randn({6}, gen)};
  }
  auto with(const Mask& allowed) const { return std::tuple{query, key, value, layer, allowed}; }
  auto self(const Mask& allowed) const { return std::tuple{query, query, query, layer, allowed}; }
  Tensor query, key, value;
  MultiHead layer;
};
Mask partial_mask() {
  return Mask::of({{{1, 1, 1, 0, 0}, {1, 0, 1, 0, 0}, {0, 1, 1, 0, 0}, {1, 1, 0, 0, 0}},
                   {{1, 0, 1, 1, 1}, {0, 0, 1, 1, 1}, {1, 0, 0, 1, 0}, {1, 0, 1, 1, 0}}});
}

// Three words and identity projections, so that the numbers can be computed by hand.
TEST(MultiHeadAttention, OfThreeWordsAndIdentityProjections) {
  exercise.call("multi_head_attention(x, x, x, 2 heads, all projections eye(4), biases 0, no mask)", [] {
    const Tensor x = tensor({{{.1, .2, .3, .4}, {.5, -.6, .7, -.8}, {-.9, 1, 1.1, -1.2}}});
    const MultiHead layer{2, cat({eye(4), eye(4), eye(4)}), zeros({12}), eye(4), zeros({4})};
    return std::tuple{x, x, x, layer, Mask()};
  });
}

TEST(MultiHeadAttention, OfASequenceThatAttendsToItself) {
  exercise.call("multi_head_attention(x, x, x (2, 4, 6), 2 heads, no mask)",
                [] { return Fixture(2).self({}); });
  exercise.call("multi_head_attention(x, x, x (2, 4, 6), 3 heads, causal(4) & padding({4, 2}, 4))", [] {
    return Fixture(3).self(causal(4) & padding({4, 2}, 4));
  });
}

TEST(MultiHeadAttention, OfASequenceThatAttendsToAnother) {
  exercise.call("multi_head_attention(query (2, 4, 6), key, value (2, 5, 6), 3 heads, no mask)",
                [] { return Fixture().with({}); });
  exercise.call("multi_head_attention(query (1, 4, 6), key, value (1, 3, 6), 2 heads, no mask)",
                [] { return Fixture(2, 1, 4, 3).with({}); });
  exercise.call("multi_head_attention(query, key, value (2, 4, 6), 3 heads, causal(4) & padding({4, 2}, 4))",
                [] {
                  return Fixture(3, 2, 4, 4).with(causal(4) & padding({4, 2}, 4));
                });
}

TEST(MultiHeadAttention, OfOneHeadAndOfHeadsOneChannelWide) {
  exercise.call("multi_head_attention(query (2, 4, 6), key, value (2, 5, 6), 1 head, allowed (2, 4, 5))",
                [] { return Fixture(1).with(partial_mask()); });
  exercise.call("multi_head_attention(query (2, 4, 6), key, value (2, 5, 6), 6 heads, no mask)",
                [] { return Fixture(6).with({}); });
}

TEST(MultiHeadAttention, GivesMaskedKeysNoWeight) {
  exercise.call("multi_head_attention(query (2, 4, 6), key, value (2, 5, 6), 3 heads, allowed (2, 4, 5))",
                [] { return Fixture().with(partial_mask()); });
  exercise.call("multi_head_attention(query (1, 4, 6), key, value (1, 5, 6), 3 heads, allowed (1, 4, 5))",
                [] {
                  return Fixture(3, 1).with(
                      Mask::of({{{1, 1, 1, 0, 0}, {1, 0, 1, 0, 0}, {0, 1, 1, 0, 0}, {1, 1, 0, 0, 0}}}));
                });
  exercise.call(
      "multi_head_attention(query (2, 4, 6), key (2, 5, 6) with NaN and infinity as key 4, value, 3 heads, "
      "padding({3, 2}, 5))",
      [] {
        Fixture x;
        const Tensor fourth = cat({full({2, 1, 3}, NAN), full({2, 1, 3}, INFINITY)}, -1);
        x.key = cat({x.key.slice(1, 0, 4), fourth}, 1);
        return x.with(padding({3, 2}, 5).expand({2, 4, 5}));
      },
      {.gradients = false});  // the gradient of query would be 0 · NaN
}

TEST(MultiHeadAttention, OfOneQuery) {
  exercise.call(
      "multi_head_attention(query (2, 1, 6), key, value (2, 5, 6), 3 heads, {{{0, 1, 1, 0, 0}}, …})", [] {
        return Fixture(3, 2, 1).with(Mask::of({{{0, 1, 1, 0, 0}}, {{1, 0, 0, 1, 0}}}));
      });
}

TEST(MultiHeadAttention, IsTheOutputsBiasForAFullyMaskedRow) {
  exercise.call("multi_head_attention(query (2, 4, 6), key, value (2, 5, 6), 3 heads, query 1 fully masked)",
                [] {
                  const Mask rows = Mask::of({{{1}, {0}, {1}, {1}}, {{1}, {1}, {1}, {0}}});
                  return Fixture().with(partial_mask() & rows);
                });
}

// If there are as many samples as heads, a mask on the wrong axis broadcasts.
TEST(MultiHeadAttention, KeepsEachSamplesMaskWithItsSample) {
  exercise.call("multi_head_attention(query (2, 4, 6), key, value (2, 5, 6), 2 heads, allowed (2, 4, 5))",
                [] { return Fixture(2).with(partial_mask()); });
  exercise.call(
      "multi_head_attention(query, key, value (3, 3, 6), 3 heads, causal(3) & padding({2, 3, 1}, 3))", [] {
        return Fixture(3, 3, 3, 3).with(causal(3) & padding({2, 3, 1}, 3));
      });
}

TEST(MultiHeadAttention, ThrowsIfTheChannelsAreNotDivisibleByTheHeads) {
  exercise.compare("multi_head_attention(x, x, x (2, 4, 6), 4 heads, no mask) must throw", [](auto f) {
    const Fixture x(4);
    return f(x.query, x.query, x.query, x.layer, {});
  });
}

TEST(MultiHeadAttention, AppliesTheOutputProjection) {
  exercise.invariant("MH-08", "W_O and its bias were doubled; the output must double", [](auto f) {
    const Fixture x;
    MultiHead twice = x.layer;
    twice.out_proj_weight = twice.out_proj_weight * 2.0;
    twice.out_proj_bias = twice.out_proj_bias * 2.0;
    return allclose(f(x.query, x.key, x.value, twice, {}), f(x.query, x.key, x.value, x.layer, {}) * 2.0,
                    1e-4, 1e-4);
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit MH-02: `result.transpose(1, 2).reshape` => `result.reshape`
