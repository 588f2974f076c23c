#include <array>
#include <cmath>

#include "lessons/02_scaled_dot_product_attention/checks/masks.h"
#include "lessons/04_multi_head_attention/checks/heads.h"
#include "lessons/04_multi_head_attention/exercises.h"
#include "lessons/check/check.h"
#include "nn/multihead_attention.h"

namespace heed::exercise {
namespace {

Tensor right(const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
             const Mask& allowed) {
  Generator gen;
  nn::MultiheadAttention mha({.d_model = query.size(-1), .nhead = layer.heads, .batch_first = true}, gen);
  mha.in_proj_weight = layer.in_proj_weight, mha.in_proj_bias = layer.in_proj_bias;
  mha.out_proj.weight = layer.out_proj_weight, mha.out_proj.bias = layer.out_proj_bias;
  return mha.forward(query, key, value, {.mask = allowed}).output;
}

// The layer step by step, so that one step can go wrong.
struct Steps {
  Tensor (*split)(const Tensor&, index_t) = into_heads;
  Tensor (*merge)(const Tensor&) = from_heads;
  bool all_channels_scale = false, scaled = true, hides = true, hides_everywhere = true;
};
Tensor join(const std::array<Tensor, 3>& qkv, const MultiHead& layer, const Mask& allowed, const Steps& how) {
  const index_t h = layer.heads;
  const Tensor q = how.split(qkv[0], h), k = how.split(qkv[1], h), v = how.split(qkv[2], h);
  const index_t divisor = !how.scaled ? 1 : how.all_channels_scale ? qkv[0].size(-1) : q.size(-1);
  const double width = static_cast<double>(divisor);
  const Mask mask = how.hides && allowed.defined() ? allowed.unsqueeze(1) : Mask();
  Tensor found = attention(q, k, v, {.mask = mask, .scale = 1 / std::sqrt(width)}).output;
  if (!how.hides_everywhere) {
    const Tensor blind = attention(q, k, v).output;
    found = cat({found.slice(1, 0, 1), blind.slice(1, 1)}, 1);
  }
  return how.merge(found);
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
Tensor out(const Tensor& joined, const MultiHead& layer) {
  return linear(joined, layer.out_proj_weight, layer.out_proj_bias);
}
Tensor with(const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
            const Mask& allowed, const Steps& how) {
  return out(join(projected(query, key, value, layer), layer, allowed, how), layer);
}

// The stacked rows as some models keep them: for each head its q, k and v, (H, 3, D).
Tensor head_by_head(const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
                    const Mask& allowed) {
  const index_t c = query.size(-1), h = layer.heads;
  check(c % h == 0, "head_by_head", "the heads do not divide the channels");
  const auto stacked = [&](const Tensor& t, Shape shape) {
    return t.reshape({h, 3, c / h, -1}).transpose(0, 1).reshape(shape);
  };
  MultiHead other = layer;
  other.in_proj_weight = stacked(layer.in_proj_weight, {3 * c, c});
  other.in_proj_bias = stacked(layer.in_proj_bias, {3 * c});
  return right(query, key, value, other, allowed);
}
Tensor in_order(std::array<index_t, 3> order, const Tensor& query, const Tensor& key, const Tensor& value,
                const MultiHead& layer, const Mask& allowed) {
  return out(join({third(order[0], query, layer), third(order[1], key, layer), third(order[2], value, layer)},
                  layer, allowed, {}),
             layer);
}
Tensor transposed(const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
                  const Mask& allowed) {
  MultiHead other = layer;
  std::vector<Tensor> thirds = chunk(layer.in_proj_weight, 3);
  for (Tensor& w : thirds) w = w.transpose(0, 1);
  other.in_proj_weight = cat(thirds), other.out_proj_weight = layer.out_proj_weight.transpose(0, 1);
  return right(query, key, value, other, allowed);
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
// A mask whose batch axis meets the axis of the heads.
Tensor mask_as_it_is(const Tensor& query, const Tensor& key, const Tensor& value, const MultiHead& layer,
                     const Mask& allowed) {
  return right(query, key, value, layer, allowed.defined() ? allowed.unsqueeze(0) : allowed);
}
// The mask at index 0 of `axis` for the whole axis.
Tensor first_mask(index_t axis, const Tensor& query, const Tensor& key, const Tensor& value,
                  const MultiHead& layer, const Mask& allowed) {
  const Mask first = allowed.defined() ? first_of(allowed, axis).expand(allowed.shape()) : allowed;
  return right(query, key, value, layer, first);
}

const checks::Exercise<decltype(multi_head_attention)> exercise{
    "04_multi_head_attention",
    multi_head_attention,
    right,
    {{"MH-01", "your heads mix words: reshape to (B, T, H, D), then swap T and H",
      [](auto&... given) { return with(given..., {.split = split_by_reshape}); }},
     {"MH-02", "words were mixed when the heads were joined: swap heads and words back first",
      [](auto&... given) { return with(given..., {.merge = merge_by_reshape}); }},
     {"MH-03", "neither splitting nor joining moved the head axis: both need the swap of T and H",
      [](auto&... given) { return with(given..., {.split = split_by_reshape, .merge = merge_by_reshape}); }},
     {"MH-05", "H heads were asked for, and one was used",
      [](auto& q, auto& k, auto& v, auto& layer, auto& m) { return right(q, k, v, one_head(layer), m); }},
     {"MH-06", "divided by √C; a head is only D = C / H wide, so divide by √D",
      [](auto&... given) { return with(given..., {.all_channels_scale = true}); }},
     {"MH-08", "W_O is missing: what the heads found side by side still has to be mixed",
      [](auto& q, auto& k, auto& v, auto& layer, auto& m) {
        return join(projected(q, k, v, layer), layer, m, {});
      }},
     {"MH-10", "head 1 ignored the mask: what is hidden is hidden from every head",
      [](auto&... given) { return with(given..., {.hides_everywhere = false}); }},
     {"MH-12", "this course gives head 0 the channels 0 … D-1; you dealt channels out in turn",
      [](auto&... given) { return with(given..., {.split = deal, .merge = collect}); }},
     {"MH-17", "the mask's batch axis was lined up with the heads: give it a head axis first, (B, 1, T, S)",
      mask_as_it_is},
     {"MH-19", "this course stacks W_Q, W_K, W_V in this order, as PyTorch does; you read W_K first",
      [](auto&... given) {
        return in_order({1, 0, 2}, given...);
      }},
     {"MH-20", "x · W instead of x · Wᵀ: a row of a weight makes one output channel", transposed},
     {"MH-21", "the biases of the projections are missing",
      [](auto& q, auto& k, auto& v, auto& layer, auto& m) { return with(q, k, v, no_bias(layer), m, {}); }},
     {"MH-63", "the bias of W_O is missing",
      [](auto& q, auto& k, auto& v, auto& layer, auto& m) {
        return with(q, k, v, no_out_bias(layer), m, {});
      }},
     {"MH-64", "no bias was added, neither those of the three projections nor that of W_O",
      [](auto& q, auto& k, auto& v, auto& layer, auto& m) {
        return with(q, k, v, no_out_bias(no_bias(layer)), m, {});
      }},
     {"MH-62", "the values were made from `key`; they are made from `value`",
      [](auto& q, auto& k, auto&, auto& layer, auto& m) { return right(q, k, k, layer, m); }},
     {"SA-08", "the values were made with W_K; they have their own third of the rows, W_V",
      [](auto&... given) {
        return in_order({0, 1, 1}, given...);
      }},
     {"SD-01", "the scores were not divided by √D",
      [](auto&... given) { return with(given..., {.scaled = false}); }},
     {"MK-02", "the mask is upside down: TRUE = MAY ATTEND",
      [](auto& q, auto& k, auto& v, auto& layer, auto& m) {
        return right(q, k, v, layer, m.defined() ? !m : m);
      }},
     {"MK-25", "every sample of the batch got the mask of the first",
      [](auto&... given) { return first_mask(0, given...); }},
     {"MK-40", "every query got the mask of the first query: row t of the mask belongs to query t",
      [](auto&... given) { return first_mask(1, given...); }},
     {"MH-22", "this course stacks all of W_Q, then W_K, then W_V; you read q, k and v of each head together",
      head_by_head},
     {"MH-23", "keys and values were made from the query; they come from what is looked at",
      [](auto& q, auto&, auto&, auto& layer, auto& m) { return right(q, q, q, layer, m); }},
     {"SA-01", "one projection served Q, K and V; each has its own third of the rows",
      [](auto&... given) {
        return in_order({0, 0, 0}, given...);
      }},
     {"MK-01", "the mask was not used: padding still gets weight",
      [](auto&... given) { return with(given..., {.hides = false}); }}}};

// Two samples, four queries, five keys, six channels.
struct Fixture {
  explicit Fixture(index_t heads = 3, index_t batch = 2, index_t t = 4, index_t s = 5) {
    Generator gen(9);
    query = randn({batch, t, 6}, gen), key = randn({batch, s, 6}, gen), value = randn({batch, s, 6}, gen);
    layer = {heads, randn({18, 6}, gen), randn({18}, gen), randn({6, 6}, gen), randn({6}, gen)};
  }
  auto with(const Mask& allowed) const { return std::tuple{query, key, value, layer, allowed}; }
  auto itself(const Mask& allowed) const { return std::tuple{query, query, query, layer, allowed}; }
  Tensor query, key, value;
  MultiHead layer;
};
Mask some() {
  return Mask::of({{{1, 1, 1, 0, 0}, {1, 0, 1, 0, 0}, {0, 1, 1, 0, 0}, {1, 1, 0, 0, 0}},
                   {{1, 0, 1, 1, 1}, {0, 0, 1, 1, 1}, {1, 0, 0, 1, 0}, {1, 0, 1, 1, 0}}});
}

// Three words; nothing is projected, so that the numbers fit on paper.
TEST(MultiHeadAttention, OfThreeWordsAndIdentityProjections) {
  exercise.call("multi_head_attention(x, x, x, 2 heads, all projections eye(4), biases 0, no mask)", [] {
    const Tensor x = tensor({{{.1, .2, .3, .4}, {.5, -.6, .7, -.8}, {-.9, 1, 1.1, -1.2}}});
    const MultiHead layer{2, cat({eye(4), eye(4), eye(4)}), zeros({12}), eye(4), zeros({4})};
    return std::tuple{x, x, x, layer, Mask()};
  });
}

TEST(MultiHeadAttention, OfASequenceThatAttendsToItself) {
  exercise.call("multi_head_attention(x, x, x (2, 4, 6), 2 heads, no mask)",
                [] { return Fixture(2).itself({}); });
  exercise.call("multi_head_attention(x, x, x (2, 4, 6), 3 heads, causal(4) & padding({4, 2}, 4))", [] {
    return Fixture(3).itself(causal(4) & padding({4, 2}, 4));
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
                [] { return Fixture(1).with(some()); });
  exercise.call("multi_head_attention(query (2, 4, 6), key, value (2, 5, 6), 6 heads, no mask)",
                [] { return Fixture(6).with({}); });
}

TEST(MultiHeadAttention, GivesMaskedKeysNoWeight) {
  exercise.call("multi_head_attention(query (2, 4, 6), key, value (2, 5, 6), 3 heads, allowed (2, 4, 5))",
                [] { return Fixture().with(some()); });
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
      {.gradients = false});  // of query: 0 · NaN
}

TEST(MultiHeadAttention, OfOneQuery) {
  exercise.call(
      "multi_head_attention(query (2, 1, 6), key, value (2, 5, 6), 3 heads, {{{0, 1, 1, 0, 0}}, …})", [] {
        return Fixture(3, 2, 1).with(Mask::of({{{0, 1, 1, 0, 0}}, {{1, 0, 0, 1, 0}}}));
      });
}

TEST(MultiHeadAttention, IsTheOutputsBiasForAFullyMaskedRow) {
  exercise.call(
      "multi_head_attention(query (2, 4, 6), key, value (2, 5, 6), 3 heads, query 1 attends to nothing)", [] {
        const Mask rows = Mask::of({{{1}, {0}, {1}, {1}}, {{1}, {1}, {1}, {0}}});
        return Fixture().with(some() & rows);
      });
}

// If there are as many samples as heads, a mask on the wrong axis broadcasts.
TEST(MultiHeadAttention, KeepsEachSamplesMaskWithItsSample) {
  exercise.call("multi_head_attention(query (2, 4, 6), key, value (2, 5, 6), 2 heads, allowed (2, 4, 5))",
                [] { return Fixture(2).with(some()); });
  exercise.call(
      "multi_head_attention(query, key, value (3, 3, 6), 3 heads, causal(3) & padding({2, 3, 1}, 3))", [] {
        return Fixture(3, 3, 3, 3).with(causal(3) & padding({2, 3, 1}, 3));
      });
}

TEST(MultiHeadAttention, ThrowsIfTheHeadsDoNotDivideTheChannels) {
  exercise.compare("multi_head_attention(x, x, x (2, 4, 6), 4 heads, no mask) must throw", [](auto f) {
    const Fixture x(4);
    return f(x.query, x.query, x.query, x.layer, {});
  });
}

TEST(MultiHeadAttention, GoesThroughTheOutputProjection) {
  exercise.invariant("MH-08", "W_O twice as large, and its bias too, must double the output", [](auto f) {
    const Fixture x;
    MultiHead twice = x.layer;
    twice.out_proj_weight = twice.out_proj_weight * 2.0, twice.out_proj_bias = twice.out_proj_bias * 2.0;
    return allclose(f(x.query, x.key, x.value, twice, {}), f(x.query, x.key, x.value, x.layer, {}) * 2.0,
                    1e-4, 1e-4);
  });
}

}  // namespace
}  // namespace heed::exercise
