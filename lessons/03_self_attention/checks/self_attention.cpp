#include <cmath>

#include "lessons/02_scaled_dot_product_attention/checks/masks.h"
#include "lessons/03_self_attention/checks/tensors.h"
#include "lessons/03_self_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

AttentionResult reference(const Tensor& x, const Projections& w, const Mask& allowed) {
  return attention(matmul(x, w.w_q), matmul(x, w.w_k), matmul(x, w.w_v), {.mask = allowed});
}

// The wrong twins: other matrices.
AttentionResult one_matrix(const Tensor& x, const Projections& w, const Mask& allowed) {
  return reference(x, {w.w_q, w.w_q, w.w_q}, allowed);
}
AttentionResult keys_are_queries(const Tensor& x, const Projections& w, const Mask& allowed) {
  return reference(x, {w.w_q, w.w_q, w.w_v}, allowed);
}
AttentionResult exchanged(const Tensor& x, const Projections& w, const Mask& allowed) {
  return reference(x, {w.w_k, w.w_q, w.w_v}, allowed);
}
AttentionResult values_are_x(const Tensor& x, const Projections& w, const Mask& allowed) {
  return attention(matmul(x, w.w_q), matmul(x, w.w_k), x, {.mask = allowed});
}

AttentionResult values_are_keys(const Tensor& x, const Projections& w, const Mask& allowed) {
  return reference(x, {w.w_q, w.w_k, w.w_k}, allowed);
}
AttentionResult values_before_keys(const Tensor& x, const Projections& w, const Mask& allowed) {
  return reference(x, {w.w_q, w.w_v, w.w_k}, allowed);
}
AttentionResult transposed(const Tensor& x, const Projections& w, const Mask& allowed) {
  return reference(x, {w.w_q.transpose(0, 1), w.w_k.transpose(0, 1), w.w_v.transpose(0, 1)}, allowed);
}

// Other scores or weights.
AttentionResult with_weights(const Tensor& weights, const Tensor& x, const Projections& w) {
  return {matmul(weights, matmul(x, w.w_v)), weights};
}
AttentionResult unscaled(const Tensor& x, const Projections& w, const Mask& allowed) {
  return attention(matmul(x, w.w_q), matmul(x, w.w_k), matmul(x, w.w_v), {.mask = allowed, .scale = 1});
}
AttentionResult scaled_by_half(const Tensor& x, const Projections& w, const Mask& allowed) {
  return attention(matmul(x, w.w_q), matmul(x, w.w_k), matmul(x, w.w_v), {.mask = allowed, .scale = 0.5});
}
AttentionResult scaled_by_channels(const Tensor& x, const Projections& w, const Mask& allowed) {
  const double scale = 1 / std::sqrt(static_cast<double>(x.size(-1)));
  return attention(matmul(x, w.w_q), matmul(x, w.w_k), matmul(x, w.w_v), {.mask = allowed, .scale = scale});
}
Tensor scores_of(const Tensor& x, const Projections& w) {
  return matmul(matmul(x, w.w_q), matmul(x, w.w_k).transpose(-2, -1)) /
         std::sqrt(static_cast<double>(w.w_q.size(-1)));
}
Tensor weights_of(const Tensor& scores, const Mask& allowed) {
  return allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1);
}
AttentionResult over_queries(const Tensor& x, const Projections& w, const Mask& allowed) {
  const Tensor scores = scores_of(x, w);
  if (!allowed.defined()) return with_weights(softmax(scores, -2), x, w);
  const Tensor weights = softmax(masked_fill(scores, !allowed, -INFINITY), -2);
  return with_weights(masked_fill(weights, !allowed, 0), x, w);
}
AttentionResult over_batch(const Tensor& x, const Projections& w, const Mask& allowed) {
  const Tensor scores = scores_of(x, w);
  if (!allowed.defined()) return with_weights(softmax(scores, 0), x, w);
  const Tensor weights = softmax(masked_fill(scores, !allowed, -INFINITY), 0);
  return with_weights(masked_fill(weights, !allowed, 0), x, w);
}
AttentionResult whole_matrix(const Tensor& x, const Projections& w, const Mask& allowed) {
  const Tensor scores = scores_of(x, w);
  const Mask m = allowed.defined() ? allowed.expand(scores.shape()) : allowed;
  const Shape rows = {x.size(0), 1, x.size(1) * x.size(1)};
  const Tensor weights = weights_of(scores.reshape(rows), m.defined() ? m.reshape(rows) : m);
  return with_weights(weights.reshape(scores.shape()), x, w);
}
AttentionResult no_softmax(const Tensor& x, const Projections& w, const Mask& allowed) {
  const Tensor scores = scores_of(x, w);
  return with_weights(allowed.defined() ? masked_fill(scores, !allowed, 0) : scores, x, w);
}
AttentionResult divided_by_d(const Tensor& x, const Projections& w, const Mask& allowed) {
  const double scale = 1 / static_cast<double>(w.w_q.size(-1));
  return attention(matmul(x, w.w_q), matmul(x, w.w_k), matmul(x, w.w_v), {.mask = allowed, .scale = scale});
}
AttentionResult scores_as_weights(const Tensor& x, const Projections& w, const Mask& allowed) {
  return {reference(x, w, allowed).output, scores_of(x, w)};
}
AttentionResult detached(const Tensor& x, const Projections& w, const Mask& allowed) {
  return with_weights(weights_of(scores_of(x, w).detach(), allowed), x, w);
}
AttentionResult between_features(const Tensor& x, const Projections& w, const Mask&) {
  const Tensor q = matmul(x, w.w_q), k = matmul(x, w.w_k);
  const Tensor weights =
      softmax(matmul(q.transpose(-2, -1), k) / std::sqrt(static_cast<double>(w.w_q.size(-1))), -1);
  return {matmul(matmul(x, w.w_v), weights), weights};
}
AttentionResult depends_on_order(const Tensor& x, const Projections& w, const Mask& allowed) {
  const index_t t = x.size(-2);
  return reference(x + arange(0, static_cast<double>(t), 1, x.dtype()).reshape({t, 1}), w, allowed);
}
AttentionResult causal_mask(const Tensor& x, const Projections& w, const Mask& allowed) {
  return attention(matmul(x, w.w_q), matmul(x, w.w_k), matmul(x, w.w_v), {.mask = allowed, .causal = true});
}
AttentionResult batch_merged(const Tensor& x, const Projections& w, const Mask& allowed) {
  const Shape one_sequence = {1, x.size(0) * x.size(1), x.size(2)};
  const Mask m = allowed.defined() ? allowed.reshape({1, 1, one_sequence[1]}) : allowed;
  const AttentionResult mixed = reference(x.reshape(one_sequence), w, m);
  return {mixed.output.reshape({x.size(0), x.size(1), -1}), mixed.weights};
}

// Other masks.
AttentionResult no_mask(const Tensor& x, const Projections& w, const Mask&) { return reference(x, w, {}); }
AttentionResult inverted(const Tensor& x, const Projections& w, const Mask& allowed) {
  return reference(x, w, allowed.defined() ? !allowed : allowed);
}
AttentionResult masked_rows(const Tensor& x, const Projections& w, const Mask& allowed) {
  return reference(x, w, allowed.defined() ? allowed.reshape({x.size(0), x.size(1), 1}) : allowed);
}
AttentionResult masked_rows_too(const Tensor& x, const Projections& w, const Mask& allowed) {
  return reference(x, w, allowed.defined() ? allowed & allowed.reshape({x.size(0), x.size(1), 1}) : allowed);
}
AttentionResult masked_late(const Tensor& x, const Projections& w, const Mask& allowed) {
  const Tensor weights = softmax(scores_of(x, w), -1);
  return with_weights(allowed.defined() ? masked_fill(weights, !allowed, 0) : weights, x, w);
}
AttentionResult large_negative(const Tensor& x, const Projections& w, const Mask& allowed) {
  const Tensor scores = scores_of(x, w);
  return with_weights(softmax(allowed.defined() ? masked_fill(scores, !allowed, -1e9) : scores, -1), x, w);
}
AttentionResult first_mask_for_all(const Tensor& x, const Projections& w, const Mask& allowed) {
  return reference(x, w, allowed.defined() ? first_of(allowed, 0) : allowed);
}
AttentionResult minus_infinity(const Tensor& x, const Projections& w, const Mask& allowed) {
  const Tensor scores = scores_of(x, w);
  return with_weights(softmax(allowed.defined() ? masked_fill(scores, !allowed, -INFINITY) : scores, -1), x,
                      w);
}

const checks::Exercise<decltype(self_attention)> exercise{
    "03_self_attention",
    self_attention,
    reference,
    {{"SA-01", "queries, keys and values were all computed with W_q; each has its own matrix", one_matrix},
     {"SA-02", "positions were added; the result must not depend on the order of the words",
      depends_on_order},
     {"SA-03", "attention between features, (D, D), instead of between words, (T, T)", between_features},
     {"SA-06", "no gradient reaches W_q and W_k: the scores were detached", detached},
     {"SA-25", "the keys were computed with W_q; their matrix is W_k", keys_are_queries},
     {"SA-07", "the queries were computed with W_k and the keys with W_q; exchange the two", exchanged},
     {"SA-08", "the values were computed with W_k; their matrix is W_v", values_are_keys},
     {"SA-09", "the keys were computed with W_v and the values with W_k", values_before_keys},
     {"SA-10", "the matrices were transposed; here they are (C, D), so x · W needs no transpose", transposed},
     {"SA-12", "the values are x itself; V = X · W_v", values_are_x},
     {"SA-13", "future words are masked; this exercise uses no causal mask", causal_mask},
     {"SA-14", "the sequences of the batch attend to each other; keep the batch axis separate", batch_merged},
     {"SD-01", "the scores were not divided by √d_k", unscaled},
     {"SD-38", "the scores were divided by √C; queries and keys have width D", scaled_by_channels},
     {"SD-06", "each row must sum to 1: softmax over the keys (the last axis), not over the queries",
      over_queries},
     {"SD-02", "the scores were divided by d_k; divide by its square root", divided_by_d},
     {"SD-28", "the scores were divided by 2, which is √d_k only for d_k = 4", scaled_by_half},
     {"SD-08", "the scores were used as weights, without a softmax", no_softmax},
     {"SD-18", "softmax over the whole matrix: each query's row of weights must sum to 1", whole_matrix},
     {"SD-29", "softmax over axis 0, the batch; each row over the keys, the last axis, must sum to 1",
      over_batch},
     {"SA-60", "the scores were returned in place of the weights", scores_as_weights},
     {"MK-01", "the mask was not used: padding gets weight", no_mask},
     {"MK-02", "the mask is inverted: only the padding gets weight. TRUE = MAY ATTEND", inverted},
     {"MK-03", "masked after the softmax, so rows no longer sum to 1; mask the scores before it",
      masked_late},
     {"MK-25", "the mask of the first sequence was used for the whole batch", first_mask_for_all},
     {"MK-29", "a fully masked row has equal weights (-1e9 everywhere); it must be 0", large_negative},
     {"MK-11", "a fully masked row became NaN; it must be 0", minus_infinity},
     {"MK-12", "the mask was applied to the rows (queries); mask the columns, the padded keys", masked_rows},
     {"MK-30", "the rows of padding are masked as well; `allowed` applies to keys only", masked_rows_too}}};

// Two sequences of four words, the second one word shorter; C = 3, D = 2, Dv = 5.
struct Fixture {
  Tensor x = tensor({{{1, 0, -2}, {0.5, 1, 1}, {0, 2, -1}, {-1, 1, 0.5}},
                     {{0, -1, 1}, {2, 0.5, 0}, {1, -0.5, -1}, {0.5, 3, 2}}});
  Projections w{tensor({{1, 0.5}, {0, -1}, {0.5, 1}}), tensor({{0, 1}, {1, -0.5}, {1, 0.5}}),
                tensor({{1, 0, 2, -1, 0.5}, {0, 3, 1, 1, 2}, {-2, 1, 0, 4, 1}})};
  Mask words = padding({4, 3}, 4);
};

Projections random_projections(index_t c, index_t d, index_t dv) {
  Generator gen(2);
  return {randn({c, d}, gen), randn({c, d}, gen), randn({c, dv}, gen)};
}

TEST(SelfAttention, OfTwoSequences) {
  exercise.call("self_attention(x (2, 4, 3), {w_q (3, 2), w_k (3, 2), w_v (3, 5)}, no mask): output, weights",
                [] {
                  const Fixture fixture;
                  return std::tuple{fixture.x, fixture.w, Mask()};
                });
  exercise.call("self_attention(x (1, 4, 3), w, no mask): output, weights", [] {
    const Fixture fixture;
    return std::tuple{fixture.x.slice(0, 1, 2), fixture.w, Mask()};
  });
}

TEST(SelfAttention, HasAWeightForEachPairOfWordsIfAllWidthsAreEqual) {
  exercise.call("self_attention(x (2, 4, 3), {w_q (3, 3), w_k (3, 3), w_v (3, 3)}, no mask): output, weights",
                [] {
                  return std::tuple{Fixture().x, random_projections(3, 3, 3), Mask()};
                });
  exercise.call("self_attention(x (2, 4, 3), {w_q (3, 7), w_k (3, 7), w_v (3, 7)}, no mask): output, weights",
                [] {
                  return std::tuple{Fixture().x, random_projections(3, 7, 7), Mask()};
                });
}

TEST(SelfAttention, GivesNoWeightToPadding) {
  exercise.call("self_attention(x (2, 4, 3), w, mask {{{1, 1, 1, 1}}, {{1, 1, 1, 0}}}): output, weights", [] {
    const Fixture fixture;
    return std::tuple{fixture.x, fixture.w, fixture.words};
  });
  exercise.call("self_attention(x (1, 4, 3), w, mask {{{1, 0, 1, 0}}}): output, weights", [] {
    const Fixture fixture;
    return std::tuple{fixture.x.slice(0, 1, 2), fixture.w, Mask::of({{{1, 0, 1, 0}}})};
  });
  exercise.call("self_attention(x (3, 3, 3), w of (3, 3), mask padding({2, 3, 1}, 3)): output, weights", [] {
    Generator gen(8);
    return std::tuple{randn({3, 3, 3}, gen), random_projections(3, 3, 3), padding({2, 3, 1}, 3)};
  });
  exercise.invariant("MK-12", "padding was changed; the outputs of the words must not change", [](auto f) {
    const Fixture fixture;
    Tensor other = fixture.x.clone();
    other.set({1, 3, 0}, 9);
    const Tensor before = f(fixture.x, fixture.w, fixture.words).output,
                 after = f(other, fixture.w, fixture.words).output;
    return allclose(before.slice(1, 0, 3), after.slice(1, 0, 3), 1e-5, 1e-5);
  });
}

TEST(SelfAttention, OfASequenceWithoutWordsIsZero) {
  exercise.call("self_attention(x (2, 4, 3), w, mask {{{0, 0, 0, 0}}, {{1, 1, 0, 0}}}): output, weights", [] {
    const Fixture fixture;
    return std::tuple{fixture.x, fixture.w, padding({0, 2}, 4)};
  });
}

TEST(SelfAttention, OfOneWordIsItsValueUnlessItIsMasked) {
  exercise.call("self_attention(x (2, 1, 3), w, mask {{{1}}, {{0}}}): output, weights", [] {
    const Fixture fixture;
    return std::tuple{fixture.x.slice(1, 1, 2), fixture.w, padding({1, 0}, 1)};
  });
}

TEST(SelfAttention, IsStableForLargeScores) {
  const auto scaled = [](double factor, const Mask& mask) {
    Fixture fixture;
    fixture.w.w_q = fixture.w.w_q * factor;
    return std::tuple{fixture.x, fixture.w, mask};
  };
  exercise.call("self_attention(x (2, 4, 3), {100 · w_q, w_k, w_v}, no mask): output, weights",
                [&] { return scaled(100, Mask()); });
  exercise.call(
      "self_attention(x (2, 4, 3), {-100000 · w_q, w_k, w_v}, mask {{{1, 1, 1, 1}}, {{1, 1, 1, 0}}})",
      [&] { return scaled(-1e5, Fixture().words); });
}

TEST(SelfAttention, PermutesWithTheWords) {
  exercise.invariant(
      "SA-02", "the words were permuted; the outputs must be permuted in the same way", [](auto f) {
        const Fixture fixture;
        const IntTensor order({2, 0, 3, 1});
        const Tensor permuted_after = index_select(f(fixture.x, fixture.w, {}).output, 1, order);
        return allclose(f(index_select(fixture.x, 1, order), fixture.w, {}).output, permuted_after, 1e-4,
                        1e-5);
      });
}

TEST(SelfAttention, IsZeroIfTheValuesAreZero) {
  exercise.invariant("SA-01", "W_v was set to 0, so all values are 0; the output must be 0", [](auto f) {
    Fixture fixture;
    fixture.w.w_v = zeros({3, 5});
    return allclose(f(fixture.x, fixture.w, {}).output, zeros({2, 4, 5}), 0, 1e-6);
  });
}

TEST(SelfAttention, KeepsTheSequencesOfABatchApart) {
  exercise.invariant(
      "SA-14", "a word of sequence 1 was changed; the output of sequence 0 must not change", [](auto f) {
        const Fixture fixture;
        Tensor other = fixture.x.clone();
        other.set({1, 2, 1}, 9);
        return allclose(f(fixture.x, fixture.w, {}).output[0], f(other, fixture.w, {}).output[0], 1e-5, 1e-5);
      });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit SA-25: `w.w_k` => `w.w_q`
