#include <cmath>

#include "lessons/02_scaled_dot_product_attention/checks/masks.h"
#include "lessons/04_multi_head_attention/checks/heads.h"
#include "lessons/04_multi_head_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

double root(index_t n) { return std::sqrt(static_cast<double>(n)); }
Mask for_all_heads(const Mask& allowed) { return allowed.defined() ? allowed.unsqueeze(1) : allowed; }
Tensor attention_weights(const Tensor& scores, const Mask& allowed) {
  return allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1);
}
Tensor scores_of(const Tensor& q, const Tensor& k, double divisor) {
  return matmul(q, k.transpose(-2, -1)) / divisor;
}
// Attention with the given scores and mask.
AttentionResult with(const Tensor& scores, const Tensor& v, const Mask& allowed) {
  const Tensor weights = attention_weights(scores, allowed);
  return {matmul(weights, v), weights};
}
// Only the head `masked` uses the mask.
AttentionResult one_head_masked(index_t masked, const Tensor& q, const Tensor& k, const Tensor& v,
                                const Mask& allowed) {
  const Tensor scores = scores_of(q, k, root(q.size(-1)));
  std::vector<Tensor> heads;
  for (index_t h = 0; h < q.size(1); ++h)
    heads.push_back(attention_weights(scores.select(1, h), h == masked ? allowed : Mask()));
  const Tensor weights = stack(heads, 1);
  return {matmul(weights, v), weights};
}
// Other weights from the correct scores: `weights_of` receives −∞ as the score of a masked key, and
// the weight that it returns for such a key is replaced by 0.
template <Tensor weights_of(const Tensor& scores)>
AttentionResult weights(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  Tensor scores = scores_of(q, k, root(q.size(-1)));
  if (allowed.defined()) scores = masked_fill(scores, !allowed.unsqueeze(1), -INFINITY);
  Tensor w = weights_of(scores);
  if (allowed.defined()) w = masked_fill(w, !allowed.unsqueeze(1), 0);
  return {matmul(w, v), w};
}
Tensor over_samples(const Tensor& scores) { return softmax(scores, 0); }
Tensor over_queries(const Tensor& scores) { return softmax(scores, -2); }
Tensor whole_matrix(const Tensor& scores) {
  const Tensor largest = max(max(scores, -1, true).values, -2, true).values;
  const Tensor e = exp(scores - masked_fill(largest, equal(largest, -INFINITY), 0));
  const Tensor total = e.sum({-2, -1}, true);
  return e / masked_fill(total, equal(total, 0), 1);
}
Tensor detached(const Tensor& scores) { return softmax(scores.detach(), -1); }

// The scores of masked keys are replaced by `value`, without any other treatment.
AttentionResult filled(double value, const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  Tensor scores = scores_of(q, k, root(q.size(-1)));
  if (allowed.defined()) scores = masked_fill(scores, !allowed.unsqueeze(1), value);
  const Tensor w = softmax(scores, -1);
  return {matmul(w, v), w};
}
AttentionResult masked_late(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  Tensor w = softmax(scores_of(q, k, root(q.size(-1))), -1);
  if (allowed.defined()) w = masked_fill(w, !allowed.unsqueeze(1), 0);
  return {matmul(w, v), w};
}

AttentionResult reference(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  return attention(q, k, v, {.mask = for_all_heads(allowed)});
}

const checks::Exercise<decltype(per_head_attention)> exercise{
    "04_per_head_attention",
    per_head_attention,
    reference,
    {{"MH-06", "divided by √C; the width of a head is D = C / H, so divide by √D",
      [](auto& q, auto& k, auto& v, auto& allowed) {
        return with(scores_of(q, k, root(q.size(1) * q.size(-1))), v, for_all_heads(allowed));
      }},
     {"MH-10", "head 1 ignored the mask; the mask applies to every head",
      [](auto& q, auto& k, auto& v, auto& allowed) { return one_head_masked(0, q, k, v, allowed); }},
     {"MH-17", "the batch axis of the mask was aligned with the heads; add a head axis, (B, 1, T, S)",
      [](auto& q, auto& k, auto& v, auto& allowed) {
        return with(scores_of(q, k, root(q.size(-1))), v, allowed);
      }},
     {"MH-18", "softmax over the heads: each head's row over the keys, the last axis, must sum to 1",
      [](auto& q, auto& k, auto& v, auto& allowed) -> AttentionResult {
        Tensor scores = scores_of(q, k, root(q.size(-1)));
        if (allowed.defined()) scores = masked_fill(scores, !allowed.unsqueeze(1), -1e9);
        const Tensor w = softmax(scores, 1);
        return {matmul(w, v), w};
      }},
     {"SD-29", "softmax over axis 0, the batch: each row over the keys, the last axis, must sum to 1",
      weights<over_samples>},
     {"SD-06", "softmax over the queries: each row over the keys, the last axis, must sum to 1",
      weights<over_queries>},
     {"SD-18", "softmax over the whole matrix of a head: each query's row of weights must sum to 1",
      weights<whole_matrix>},
     {"SD-24", "no gradient reaches q and k: the scores were detached", weights<detached>},
     {"SD-36", "the output is a weighted sum of the keys; use the values",
      [](auto& q, auto& k, auto&, auto& allowed) {
        return with(scores_of(q, k, root(q.size(-1))), k, for_all_heads(allowed));
      }},
     {"SA-60", "the scores were returned in place of the weights",
      [](auto& q, auto& k, auto& v, auto& allowed) -> AttentionResult {
        const Tensor scores = scores_of(q, k, root(q.size(-1)));
        return {with(scores, v, for_all_heads(allowed)).output, scores};
      }},
     {"SD-02", "the scores were divided by D; divide by its square root",
      [](auto& q, auto& k, auto& v, auto& allowed) {
        return with(scores_of(q, k, static_cast<double>(q.size(-1))), v, for_all_heads(allowed));
      }},
     {"SD-01", "the scores were not divided by √D",
      [](auto& q, auto& k, auto& v, auto& allowed) {
        return with(scores_of(q, k, 1), v, for_all_heads(allowed));
      }},
     {"MK-01", "the mask was not used: padding gets weight",
      [](auto& q, auto& k, auto& v, auto&) { return with(scores_of(q, k, root(q.size(-1))), v, {}); }},
     {"MK-02", "the mask is inverted: TRUE = MAY ATTEND",
      [](auto& q, auto& k, auto& v, auto& allowed) {
        return with(scores_of(q, k, root(q.size(-1))), v,
                    allowed.defined() ? !allowed.unsqueeze(1) : allowed);
      }},
     {"MK-03", "masked after the softmax, so rows no longer sum to 1; mask the scores before it",
      masked_late},
     {"MK-25", "the mask of the first sample was used for the whole batch",
      [](auto& q, auto& k, auto& v, auto& allowed) {
        return with(scores_of(q, k, root(q.size(-1))), v,
                    allowed.defined() ? first_of(allowed, 0).unsqueeze(1) : allowed);
      }},
     {"MK-40", "the mask of the first query was used for every query; row t belongs to query t",
      [](auto& q, auto& k, auto& v, auto& allowed) {
        return with(scores_of(q, k, root(q.size(-1))), v,
                    allowed.defined() ? first_of(allowed, 1).unsqueeze(1) : allowed);
      }},
     {"MK-29", "a fully masked row has equal weights (-1e9 everywhere); it must be 0",
      [](auto&... inputs) { return filled(-1e9, inputs...); }},
     {"MK-11", "a fully masked row became NaN; its weights must be 0",
      [](auto&... inputs) { return filled(-INFINITY, inputs...); }}}};

// By default all sizes differ: batch 2, three heads of width 6, four queries, five keys.
struct Fixture {
  explicit Fixture(index_t heads = 3, index_t batch = 2, index_t t = 4, index_t s = 5) {
    Generator gen(6);
    q = randn({batch, heads, t, 6}, gen);
    k = randn({batch, heads, s, 6}, gen);
    v = randn({batch, heads, s, 6}, gen);
  }
  auto with(const Mask& allowed) const { return std::tuple{q, k, v, allowed}; }
  Tensor q, k, v;
};
// Sample 0 has three keys, and key 1 of sample 1 is masked for every query.
Mask partial_mask() {
  return Mask::of({{{1, 1, 1, 0, 0}, {1, 0, 1, 0, 0}, {0, 1, 1, 0, 0}, {1, 1, 0, 0, 0}},
                   {{1, 0, 1, 1, 1}, {0, 0, 1, 1, 1}, {1, 0, 0, 1, 0}, {1, 0, 1, 1, 0}}});
}
Mask with_fully_masked_rows() {
  return Mask::of({{{1, 1, 0, 0, 0}, {0, 0, 0, 0, 0}, {0, 1, 1, 0, 0}, {1, 1, 0, 0, 0}},
                   {{1, 0, 1, 1, 1}, {0, 0, 1, 1, 1}, {1, 0, 0, 1, 0}, {0, 0, 0, 0, 0}}});
}

TEST(PerHeadAttention, WithoutAMask) {
  exercise.call("per_head_attention(q (2, 3, 4, 6), k (2, 3, 5, 6), v (2, 3, 5, 6), no mask)",
                [] { return Fixture().with({}); });
  exercise.call("per_head_attention(q, k, v (1, 4, 4, 6), no mask)",
                [] { return Fixture(4, 1, 4, 4).with({}); });
}

TEST(PerHeadAttention, GivesMaskedKeysNoWeightInAnyHead) {
  exercise.call("per_head_attention(q (2, 3, 4, 6), k, v (2, 3, 5, 6), allowed (2, 4, 5))",
                [] { return Fixture().with(partial_mask()); });
  exercise.call("per_head_attention(q, k, v (2, 3, 4, 6), causal(4) & padding({4, 2}, 4))", [] {
    return Fixture(3, 2, 4, 4).with(causal(4) & padding({4, 2}, 4));
  });
  exercise.call("per_head_attention(q (1, 3, 4, 6), k, v (1, 3, 5, 6), allowed (1, 4, 5))", [] {
    return Fixture(3, 1).with(
        Mask::of({{{1, 1, 1, 0, 0}, {1, 0, 1, 0, 0}, {0, 1, 1, 0, 0}, {1, 1, 0, 0, 0}}}));
  });
  exercise.call("per_head_attention(q (2, 1, 4, 6), k, v (2, 1, 5, 6), allowed (2, 4, 5))",
                [] { return Fixture(1).with(partial_mask()); });
}

TEST(PerHeadAttention, GivesPaddingNoWeight) {
  exercise.call("per_head_attention(q (2, 3, 4, 6), k, v (2, 3, 5, 6), padding({3, 2}, 5))", [] {
    return Fixture().with(padding({3, 2}, 5));
  });
  exercise.call(
      "per_head_attention(q (2, 3, 4, 6), k (2, 3, 5, 6) with NaN and infinity as key 4, v, padding({3, 2}, "
      "5))",
      [] {
        Fixture x;
        const Tensor fourth = cat({full({2, 3, 1, 3}, NAN), full({2, 3, 1, 3}, INFINITY)}, -1);
        x.k = cat({x.k.slice(2, 0, 4), fourth}, 2);
        return x.with(padding({3, 2}, 5));
      },
      {.gradients = false});  // the gradient of q would be 0 · NaN
}

TEST(PerHeadAttention, OfOneQuery) {
  exercise.call(
      "per_head_attention(q (2, 3, 1, 6), k, v (2, 3, 5, 6), {{{0, 1, 1, 0, 0}}, {{1, 0, 0, 1, 0}}})", [] {
        return Fixture(3, 2, 1).with(Mask::of({{{0, 1, 1, 0, 0}}, {{1, 0, 0, 1, 0}}}));
      });
}

// If there are as many samples as heads, a mask on the wrong axis broadcasts.
TEST(PerHeadAttention, KeepsEachSamplesMaskWithItsSample) {
  exercise.call("per_head_attention(q (2, 2, 4, 6), k, v (2, 2, 5, 6), allowed (2, 4, 5))",
                [] { return Fixture(2).with(partial_mask()); });
  exercise.call("per_head_attention(q, k, v (3, 3, 3, 3), causal(3) & padding({2, 3, 1}, 3))", [] {
    return std::tuple{random({3, 3, 3, 3}, 1), random({3, 3, 3, 3}, 2), random({3, 3, 3, 3}, 3),
                      causal(3) & padding({2, 3, 1}, 3)};
  });
}

TEST(PerHeadAttention, IsZeroForAFullyMaskedRow) {
  exercise.call("per_head_attention(q, k, v, query 1 of sample 0 and query 3 of sample 1 fully masked)",
                [] { return Fixture().with(with_fully_masked_rows()); });
  exercise.call("per_head_attention(q (2, 3, 1, 6), k, v (2, 3, 5, 6), padding({0, 3}, 5))", [] {
    return Fixture(3, 2, 1).with(padding({0, 3}, 5));
  });
}

TEST(PerHeadAttention, IsStableForLargeScores) {
  exercise.call("per_head_attention(100 · q (1, 2, 2, 4), k, v (1, 2, 3, 4), no mask)", [] {
    const Tensor q = tensor({{{{1, 0, 2, -1}, {0, 1, -1, 2}}, {{2, 1, 0, 1}, {1, -1, 1, 0}}}});
    const Tensor k =
        tensor({{{{1, 1, 0, 0}, {0, 2, 1, -1}, {-1, 0, 1, 2}}, {{0, 1, 0, 1}, {2, -1, 1, 0}, {0, 0, 1, 0}}}});
    return std::tuple{q * 100.0, k, random({1, 2, 3, 4}, 3), Mask()};
  });
}

TEST(PerHeadAttention, KeepsHeadsApartAndMaskedKeysOut) {
  exercise.invariant(
      "MH-10", "a masked key and its value were changed; the output must not change in any head", [](auto f) {
        const Fixture x;
        const Mask allowed = padding({3, 5}, 5);
        Tensor k = x.k.clone(), v = x.v.clone();
        for (index_t h = 0; h < 3; ++h)
          for (index_t c = 0; c < 6; ++c) {
            k.set({0, h, 4, c}, 3);
            v.set({0, h, 4, c}, -70);
          }
        return allclose(f(x.q, k, v, allowed).output, f(x.q, x.k, x.v, allowed).output, 1e-5, 1e-5);
      });
  exercise.invariant("", "the values of head 2 were changed; the outputs of heads 0 and 1 must not change",
                     [](auto f) {
                       const Fixture x;
                       const Tensor before = f(x.q, x.k, x.v, {}).output.slice(1, 0, 2);
                       Tensor v = x.v.clone();
                       for (index_t s = 0; s < 5; ++s) v.set({1, 2, s, 0}, 50);
                       return allclose(f(x.q, x.k, v, {}).output.slice(1, 0, 2), before, 1e-5, 1e-5);
                     });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit MH-06: `static_cast<double>(q.size(-1))` => `static_cast<double>(q.size(1) * q.size(-1))`
