#include <cmath>

#include "lessons/10_detr/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed = {}) {
  const double root = std::sqrt(static_cast<double>(q.size(-1)));
  Tensor scores = matmul(q, k.transpose(-2, -1)) / root;
  if (allowed.defined()) scores = masked_fill(scores, !allowed, -INFINITY);
  return matmul(softmax(scores, -1), v);
}

Tensor right(const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
  return attend(x + asked, memory + place, memory);
}
Tensor placed_values(const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
  return attend(x + asked, memory + place, memory + place);
}
Tensor bare_keys(const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor&) {
  return attend(x + asked, memory, memory);
}
Tensor bare_queries(const Tensor& x, const Tensor&, const Tensor& memory, const Tensor& place) {
  return attend(x, memory + place, memory);
}
Tensor asked_alone(const Tensor&, const Tensor& asked, const Tensor& memory, const Tensor& place) {
  return attend(asked, memory + place, memory);
}
Tensor one_after_the_other(const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
  const index_t n = x.size(0), s = memory.size(0);
  std::vector<std::uint8_t> allowed;
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j < s; ++j) allowed.push_back(j <= i);
  return attend(x + asked, memory + place, memory, {allowed, {n, s}});
}
Tensor not_scaled(const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
  return attend((x + asked) * std::sqrt(static_cast<double>(x.size(-1))), memory + place, memory);
}
Tensor over_queries(const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
  const double root = std::sqrt(static_cast<double>(x.size(-1)));
  return matmul(softmax(matmul(x + asked, (memory + place).transpose(-2, -1)) / root, -2), memory);
}
Tensor unguarded(const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
  const double root = std::sqrt(static_cast<double>(x.size(-1)));
  const Tensor e = exp(matmul(x + asked, (memory + place).transpose(-2, -1)) / root);
  return matmul(e / e.sum({-1}, true), memory);
}
Tensor of_keys(const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
  return attend(x + asked, memory + place, place);
}
Tensor added_after(const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
  return right(x, asked, memory, place) + asked;
}

const checks::Exercise<decltype(detr_cross_attention)> exercise{
    "10_detr_cross_attention",
    detr_cross_attention,
    right,
    {{"DE-08", "places were added to the values, too: they go to what is compared, queries and keys",
      placed_values},
     {"DE-42", "the keys have no places: memory + place is what is compared", bare_keys},
     {"DE-43", "the queries have no positions of theirs: x + asked is what is compared", bare_queries},
     {"DE-44", "what the queries know already (x) was not used", asked_alone},
     {"DE-09", "query i was kept from pixels after i: nothing is hidden here", one_after_the_other},
     {"DE-45", "the scores were not divided by √C", not_scaled},
     {"DE-46", "each query's weights must sum to 1: softmax over the pixels, the last axis", over_queries},
     {"DE-47", "`asked` was added to the answer; it is for asking alone", added_after},
     {"DE-62", "the places were fetched instead of the memory: the values are memory", of_keys},
     {"SD-16", "exp overflowed: subtract the largest score of the row first", unguarded}}};

// x and asked (N, C), memory and place (S, C)
std::tuple<Tensor, Tensor, Tensor, Tensor> inputs(index_t n, index_t s, double scale = 1, index_t c = 4) {
  Generator gen(4);
  const Tensor x = randn({n, c}, gen) * scale, asked = randn({n, c}, gen) * scale;
  return {x, asked, randn({s, c}, gen), randn({s, c}, gen)};
}

TEST(DetrCrossAttention, OfThreeQueriesAndFivePixels) {
  exercise.call("detr_cross_attention(x (3, 4), asked (3, 4), memory (5, 4), place (5, 4))",
                [] { return inputs(3, 5); });
  exercise.call("detr_cross_attention(x (4, 4), asked (4, 4), memory (4, 4), place (4, 4))",
                [] { return inputs(4, 4); });
  exercise.call("detr_cross_attention(x (2, 9), asked (2, 9), memory (6, 9), place (6, 9))",
                [] { return inputs(2, 6, 1, 9); });
}

TEST(DetrCrossAttention, OfOneQueryOrOnePixel) {
  exercise.call("detr_cross_attention(x (1, 4), asked (1, 4), memory (6, 4), place (6, 4))",
                [] { return inputs(1, 6); });
  exercise.call("detr_cross_attention(x (3, 4), asked (3, 4), memory (1, 4), place (1, 4))",
                [] { return inputs(3, 1); });
}

TEST(DetrCrossAttention, HoldsForLargeScores) {
  exercise.call("detr_cross_attention(1000 · x (3, 4), 1000 · asked (3, 4), memory (5, 4), place (5, 4))",
                [] { return inputs(3, 5, 1000); });
}

TEST(DetrCrossAttention, FetchesNothingFromAMemoryOfZeros) {
  exercise.invariant("DE-08", "the memory was all zeros, and the answer was not: places are in the values",
                     [](auto f) {
                       const auto [x, asked, memory, place] = inputs(3, 5);
                       return max(abs(f(x, asked, memory * 0.0, place))).item() < 1e-6;
                     });
}

TEST(DetrCrossAttention, LetsTheFirstQuerySeeTheLastPixel) {
  exercise.invariant("DE-09", "the last pixel was changed, and the first query did not see it", [](auto f) {
    const auto [x, asked, memory, place] = inputs(3, 5);
    Tensor changed = memory.clone();
    changed.set({4, 1}, 3);
    return max_abs_difference(f(x, asked, changed, place)[0], f(x, asked, memory, place)[0]) > 1e-3;
  });
}

}  // namespace
}  // namespace heed::exercise
