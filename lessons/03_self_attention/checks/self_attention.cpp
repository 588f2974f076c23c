#include <cmath>

#include "lessons/02_scaled_dot_product_attention/checks/masks.h"
#include "lessons/03_self_attention/checks/tensors.h"
#include "lessons/03_self_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

AttentionResult right(const Tensor& x, const Projections& w, const Mask& allowed) {
  return attention(matmul(x, w.w_q), matmul(x, w.w_k), matmul(x, w.w_v), {.mask = allowed});
}

// The wrong twins: other matrices …
AttentionResult one_for_all(const Tensor& x, const Projections& w, const Mask& allowed) {
  return right(x, {w.w_q, w.w_q, w.w_q}, allowed);
}
AttentionResult keys_are_queries(const Tensor& x, const Projections& w, const Mask& allowed) {
  return right(x, {w.w_q, w.w_q, w.w_v}, allowed);
}
AttentionResult keys_ask(const Tensor& x, const Projections& w, const Mask& allowed) {
  return right(x, {w.w_k, w.w_q, w.w_v}, allowed);
}
AttentionResult values_are_x(const Tensor& x, const Projections& w, const Mask& allowed) {
  return attention(matmul(x, w.w_q), matmul(x, w.w_k), x, {.mask = allowed});
}

AttentionResult values_are_keys(const Tensor& x, const Projections& w, const Mask& allowed) {
  return right(x, {w.w_q, w.w_k, w.w_k}, allowed);
}
AttentionResult v_before_k(const Tensor& x, const Projections& w, const Mask& allowed) {
  return right(x, {w.w_q, w.w_v, w.w_k}, allowed);
}
AttentionResult turned(const Tensor& x, const Projections& w, const Mask& allowed) {
  return right(x, {w.w_q.transpose(0, 1), w.w_k.transpose(0, 1), w.w_v.transpose(0, 1)}, allowed);
}

// … other scores or weights …
AttentionResult with_weights(const Tensor& weights, const Tensor& x, const Projections& w) {
  return {matmul(weights, matmul(x, w.w_v)), weights};
}
AttentionResult unscaled(const Tensor& x, const Projections& w, const Mask& allowed) {
  return attention(matmul(x, w.w_q), matmul(x, w.w_k), matmul(x, w.w_v), {.mask = allowed, .scale = 1});
}
AttentionResult scaled_by_half(const Tensor& x, const Projections& w, const Mask& allowed) {
  return attention(matmul(x, w.w_q), matmul(x, w.w_k), matmul(x, w.w_v), {.mask = allowed, .scale = 0.5});
}
AttentionResult scaled_by_width_of_words(const Tensor& x, const Projections& w, const Mask& allowed) {
  const double scale = 1 / std::sqrt(static_cast<double>(x.size(-1)));
  return attention(matmul(x, w.w_q), matmul(x, w.w_k), matmul(x, w.w_v), {.mask = allowed, .scale = scale});
}
Tensor scores_of(const Tensor& x, const Projections& w) {
  return matmul(matmul(x, w.w_q), matmul(x, w.w_k).transpose(-2, -1)) /
         std::sqrt(static_cast<double>(w.w_q.size(-1)));
}
Tensor shares(const Tensor& scores, const Mask& allowed) {
  return allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1);
}
AttentionResult over_queries(const Tensor& x, const Projections& w, const Mask& allowed) {
  const Tensor scores = scores_of(x, w);
  if (!allowed.defined()) return with_weights(softmax(scores, -2), x, w);
  const Tensor weights = softmax(masked_fill(scores, !allowed, -INFINITY), -2);
  return with_weights(masked_fill(weights, !allowed, 0), x, w);
}
AttentionResult over_texts(const Tensor& x, const Projections& w, const Mask& allowed) {
  const Tensor scores = scores_of(x, w);
  if (!allowed.defined()) return with_weights(softmax(scores, 0), x, w);
  const Tensor weights = softmax(masked_fill(scores, !allowed, -INFINITY), 0);
  return with_weights(masked_fill(weights, !allowed, 0), x, w);
}
AttentionResult whole_matrix(const Tensor& x, const Projections& w, const Mask& allowed) {
  const Tensor scores = scores_of(x, w);
  const Mask m = allowed.defined() ? allowed.expand(scores.shape()) : allowed;
  const Shape rows = {x.size(0), 1, x.size(1) * x.size(1)};
  const Tensor weights = shares(scores.reshape(rows), m.defined() ? m.reshape(rows) : m);
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
AttentionResult scores_for_weights(const Tensor& x, const Projections& w, const Mask& allowed) {
  return {right(x, w, allowed).output, scores_of(x, w)};
}
AttentionResult detached(const Tensor& x, const Projections& w, const Mask& allowed) {
  return with_weights(shares(scores_of(x, w).detach(), allowed), x, w);
}
AttentionResult features_ask(const Tensor& x, const Projections& w, const Mask&) {
  const Tensor q = matmul(x, w.w_q), k = matmul(x, w.w_k);
  const Tensor weights =
      softmax(matmul(q.transpose(-2, -1), k) / std::sqrt(static_cast<double>(w.w_q.size(-1))), -1);
  return {matmul(matmul(x, w.w_v), weights), weights};
}
AttentionResult knows_places(const Tensor& x, const Projections& w, const Mask& allowed) {
  const index_t t = x.size(-2);
  return right(x + arange(0, static_cast<double>(t), 1, x.dtype()).reshape({t, 1}), w, allowed);
}
AttentionResult looks_back_only(const Tensor& x, const Projections& w, const Mask& allowed) {
  return attention(matmul(x, w.w_q), matmul(x, w.w_k), matmul(x, w.w_v), {.mask = allowed, .causal = true});
}
AttentionResult texts_mixed(const Tensor& x, const Projections& w, const Mask& allowed) {
  const Shape one_text = {1, x.size(0) * x.size(1), x.size(2)};
  const Mask m = allowed.defined() ? allowed.reshape({1, 1, one_text[1]}) : allowed;
  const AttentionResult mixed = right(x.reshape(one_text), w, m);
  return {mixed.output.reshape({x.size(0), x.size(1), -1}), mixed.weights};
}

// … and other masks.
AttentionResult no_mask(const Tensor& x, const Projections& w, const Mask&) { return right(x, w, {}); }
AttentionResult upside_down(const Tensor& x, const Projections& w, const Mask& allowed) {
  return right(x, w, allowed.defined() ? !allowed : allowed);
}
AttentionResult rows_hidden(const Tensor& x, const Projections& w, const Mask& allowed) {
  return right(x, w, allowed.defined() ? allowed.reshape({x.size(0), x.size(1), 1}) : allowed);
}
AttentionResult rows_hidden_too(const Tensor& x, const Projections& w, const Mask& allowed) {
  return right(x, w, allowed.defined() ? allowed & allowed.reshape({x.size(0), x.size(1), 1}) : allowed);
}
AttentionResult masked_late(const Tensor& x, const Projections& w, const Mask& allowed) {
  const Tensor weights = softmax(scores_of(x, w), -1);
  return with_weights(allowed.defined() ? masked_fill(weights, !allowed, 0) : weights, x, w);
}
AttentionResult minus_much(const Tensor& x, const Projections& w, const Mask& allowed) {
  const Tensor scores = scores_of(x, w);
  return with_weights(softmax(allowed.defined() ? masked_fill(scores, !allowed, -1e9) : scores, -1), x, w);
}
AttentionResult first_text_for_all(const Tensor& x, const Projections& w, const Mask& allowed) {
  return right(x, w, allowed.defined() ? first_of(allowed, 0) : allowed);
}
AttentionResult minus_infinity(const Tensor& x, const Projections& w, const Mask& allowed) {
  const Tensor scores = scores_of(x, w);
  return with_weights(softmax(allowed.defined() ? masked_fill(scores, !allowed, -INFINITY) : scores, -1), x,
                      w);
}

const checks::Exercise<decltype(self_attention)> exercise{
    "03_self_attention",
    self_attention,
    right,
    {{"SA-01", "queries, keys and values were all made with W_q; each has a matrix of its own", one_for_all},
     {"SA-02", "places were added to the words: self-attention alone does not know the order", knows_places},
     {"SA-03", "features look at features, (D, D); words are to look at words, (T, T)", features_ask},
     {"SA-06", "no gradient reaches W_q and W_k: something detached the scores", detached},
     {"SA-25", "the keys were made with W_q; they have their own matrix, W_k", keys_are_queries},
     {"SA-07", "queries were made with W_k and keys with W_q: who asks, and who is asked?", keys_ask},
     {"SA-08", "the values were made with W_k; they have their own matrix, W_v", values_are_keys},
     {"SA-09", "keys were made with W_v and values with W_k", v_before_k},
     {"SA-10", "the matrices were transposed: here they are (C, D), so x · W needs no transpose", turned},
     {"SA-12", "the values are x itself; V = X · W_v", values_are_x},
     {"SA-13", "the future is hidden; nobody asked for a causal mask here", looks_back_only},
     {"SA-14", "words of one text look at words of another: keep the batch an axis of its own", texts_mixed},
     {"SD-01", "the scores were not divided by √d_k", unscaled},
     {"SD-38", "the scores were divided by √C; the vectors that are multiplied have width D",
      scaled_by_width_of_words},
     {"SD-06", "each row must sum to 1: softmax over the keys (the last axis), not over the queries",
      over_queries},
     {"SD-02", "the scores were divided by d_k; divide by its square root", divided_by_d},
     {"SD-28", "the scores were divided by 2, which is √d_k only for d_k = 4", scaled_by_half},
     {"SD-08", "the scores were used as weights, without a softmax", no_softmax},
     {"SD-18", "softmax over the whole matrix: each query's row of weights must sum to 1", whole_matrix},
     {"SD-29", "softmax over axis 0: in a batch those are the sequences. The keys are the last axis",
      over_texts},
     {"SA-60", "the scores were returned in place of the weights", scores_for_weights},
     {"MK-01", "the mask was not used: padding still gets weight", no_mask},
     {"MK-02", "the mask is upside down: exactly the padding was kept. TRUE = MAY ATTEND", upside_down},
     {"MK-03", "masked after the softmax: rows no longer sum to 1. Mask the scores, before it", masked_late},
     {"MK-25", "every sequence of the batch got the mask of the first", first_text_for_all},
     {"MK-29", "a row that may attend to nothing has equal weights (-1e9 everywhere); it must be 0",
      minus_much},
     {"MK-11", "a row with nothing to look at became NaN; it is to be 0", minus_infinity},
     {"MK-12", "the mask hides rows, what padding asks; hide columns, the padding among the keys",
      rows_hidden},
     {"MK-30", "the rows of padding are hidden as well: `allowed` speaks of keys only", rows_hidden_too}}};

// Two texts of four words of C = 3 numbers, the second one word shorter; D = 2, Dv = 5.
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

TEST(SelfAttention, OfTwoTexts) {
  exercise.call("self_attention(x (2, 4, 3), {w_q (3, 2), w_k (3, 2), w_v (3, 5)}, no mask): output, weights",
                [] {
                  const Fixture given;
                  return std::tuple{given.x, given.w, Mask()};
                });
  exercise.call("self_attention(x (1, 4, 3), w, no mask): output, weights", [] {
    const Fixture given;
    return std::tuple{given.x.slice(0, 1, 2), given.w, Mask()};
  });
}

TEST(SelfAttention, HasAWeightForEachPairOfWordsIfAllWidthsAreTheSame) {
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
    const Fixture given;
    return std::tuple{given.x, given.w, given.words};
  });
  exercise.call("self_attention(x (1, 4, 3), w, mask {{{1, 0, 1, 0}}}): output, weights", [] {
    const Fixture given;
    return std::tuple{given.x.slice(0, 1, 2), given.w, Mask::of({{{1, 0, 1, 0}}})};
  });
  exercise.call("self_attention(x (3, 3, 3), w of (3, 3), mask padding({2, 3, 1}, 3)): output, weights", [] {
    Generator gen(8);
    return std::tuple{randn({3, 3, 3}, gen), random_projections(3, 3, 3), padding({2, 3, 1}, 3)};
  });
  exercise.invariant("MK-12", "padding was changed: the outputs of the words must not change", [](auto f) {
    const Fixture given;
    Tensor other = given.x.clone();
    other.set({1, 3, 0}, 9);
    const Tensor before = f(given.x, given.w, given.words).output,
                 after = f(other, given.w, given.words).output;
    return allclose(before.slice(1, 0, 3), after.slice(1, 0, 3), 1e-5, 1e-5);
  });
}

TEST(SelfAttention, OfATextWithoutWordsIsZero) {
  exercise.call("self_attention(x (2, 4, 3), w, mask {{{0, 0, 0, 0}}, {{1, 1, 0, 0}}}): output, weights", [] {
    const Fixture given;
    return std::tuple{given.x, given.w, padding({0, 2}, 4)};
  });
}

TEST(SelfAttention, OfOneWordIsItsValueUnlessItIsMasked) {
  exercise.call("self_attention(x (2, 1, 3), w, mask {{{1}}, {{0}}}): output, weights", [] {
    const Fixture given;
    return std::tuple{given.x.slice(1, 1, 2), given.w, padding({1, 0}, 1)};
  });
}

TEST(SelfAttention, HoldsForLargeScores) {
  const auto scaled = [](double factor, const Mask& mask) {
    Fixture given;
    given.w.w_q = given.w.w_q * factor;
    return std::tuple{given.x, given.w, mask};
  };
  exercise.call("self_attention(x (2, 4, 3), {100 · w_q, w_k, w_v}, no mask): output, weights",
                [&] { return scaled(100, Mask()); });
  exercise.call(
      "self_attention(x (2, 4, 3), {-100000 · w_q, w_k, w_v}, mask {{{1, 1, 1, 1}}, {{1, 1, 1, 0}}})",
      [&] { return scaled(-1e5, Fixture().words); });
}

TEST(SelfAttention, DoesNotKnowTheOrderOfWords) {
  exercise.invariant("SA-02", "the words changed places: the outputs must follow them", [](auto f) {
    const Fixture given;
    const IntTensor order({2, 0, 3, 1});
    const Tensor moved_after = index_select(f(given.x, given.w, {}).output, 1, order);
    return allclose(f(index_select(given.x, 1, order), given.w, {}).output, moved_after, 1e-4, 1e-5);
  });
}

TEST(SelfAttention, IsZeroIfTheValuesAreZero) {
  exercise.invariant("SA-01", "W_v was set to 0: all values are 0, so the output must be 0", [](auto f) {
    Fixture given;
    given.w.w_v = zeros({3, 5});
    return allclose(f(given.x, given.w, {}).output, zeros({2, 4, 5}), 0, 1e-6);
  });
}

TEST(SelfAttention, KeepsTheTextsOfABatchApart) {
  exercise.invariant("SA-14", "a word of text 1 was changed: text 0 must not change", [](auto f) {
    const Fixture given;
    Tensor other = given.x.clone();
    other.set({1, 2, 1}, 9);
    return allclose(f(given.x, given.w, {}).output[0], f(other, given.w, {}).output[0], 1e-5, 1e-5);
  });
}

}  // namespace
}  // namespace heed::exercise
