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

Tensor reference(const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
  return attend(x + query_pos, memory + pos, memory);
}
Tensor values_with_pos(const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
  return attend(x + query_pos, memory + pos, memory + pos);
}
Tensor keys_without_pos(const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor&) {
  return attend(x + query_pos, memory, memory);
}
Tensor queries_without_pos(const Tensor& x, const Tensor&, const Tensor& memory, const Tensor& pos) {
  return attend(x, memory + pos, memory);
}
Tensor query_pos_only(const Tensor&, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
  return attend(query_pos, memory + pos, memory);
}
Tensor causal_mask(const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
  const index_t n = x.size(0), s = memory.size(0);
  std::vector<std::uint8_t> allowed;
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j < s; ++j) allowed.push_back(j <= i);
  return attend(x + query_pos, memory + pos, memory, {allowed, {n, s}});
}
Tensor not_scaled(const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
  return attend((x + query_pos) * std::sqrt(static_cast<double>(x.size(-1))), memory + pos, memory);
}
Tensor over_queries(const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
  const double root = std::sqrt(static_cast<double>(x.size(-1)));
  return matmul(softmax(matmul(x + query_pos, (memory + pos).transpose(-2, -1)) / root, -2), memory);
}
Tensor overflowing_exp(const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
  const double root = std::sqrt(static_cast<double>(x.size(-1)));
  const Tensor e = exp(matmul(x + query_pos, (memory + pos).transpose(-2, -1)) / root);
  return matmul(e / e.sum({-1}, true), memory);
}
Tensor pos_as_values(const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
  return attend(x + query_pos, memory + pos, pos);
}
Tensor added_after(const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
  return reference(x, query_pos, memory, pos) + query_pos;
}

const checks::Exercise<decltype(detr_cross_attention)> exercise{
    "10_detr_cross_attention",
    detr_cross_attention,
    reference,
    {{"DE-08", "positions were added to the values: add them to queries and keys only", values_with_pos},
     {"DE-42", "the keys have no positions: the keys are memory + pos", keys_without_pos},
     {"DE-43", "the query embeddings were not used: the queries are x + query_pos", queries_without_pos},
     {"DE-44", "the hidden states x were not used: the queries are x + query_pos", query_pos_only},
     {"DE-09", "query i cannot attend to pixels after i: there is no causal mask here", causal_mask},
     {"DE-45", "the scores were not divided by √C", not_scaled},
     {"DE-46", "each query's weights must sum to 1: softmax over the pixels, the last axis", over_queries},
     {"DE-47", "`query_pos` was added to the output: it belongs to the queries only", added_after},
     {"DE-62", "the positions were averaged instead of the memory: the values are memory", pos_as_values},
     {"SD-16", "exp overflowed: subtract the largest score of the row first", overflowing_exp}}};

// Returns x and query_pos (N, C), memory and pos (S, C).
std::tuple<Tensor, Tensor, Tensor, Tensor> inputs(index_t n, index_t s, double scale = 1, index_t c = 4) {
  Generator gen(4);
  const Tensor x = randn({n, c}, gen) * scale, query_pos = randn({n, c}, gen) * scale;
  return {x, query_pos, randn({s, c}, gen), randn({s, c}, gen)};
}

TEST(DetrCrossAttention, OfThreeQueriesAndFivePixels) {
  exercise.call("detr_cross_attention(x (3, 4), query_pos (3, 4), memory (5, 4), pos (5, 4))",
                [] { return inputs(3, 5); });
  exercise.call("detr_cross_attention(x (4, 4), query_pos (4, 4), memory (4, 4), pos (4, 4))",
                [] { return inputs(4, 4); });
  exercise.call("detr_cross_attention(x (2, 9), query_pos (2, 9), memory (6, 9), pos (6, 9))",
                [] { return inputs(2, 6, 1, 9); });
}

TEST(DetrCrossAttention, OfOneQueryOrOnePixel) {
  exercise.call("detr_cross_attention(x (1, 4), query_pos (1, 4), memory (6, 4), pos (6, 4))",
                [] { return inputs(1, 6); });
  exercise.call("detr_cross_attention(x (3, 4), query_pos (3, 4), memory (1, 4), pos (1, 4))",
                [] { return inputs(3, 1); });
}

TEST(DetrCrossAttention, IsCorrectForLargeScores) {
  exercise.call("detr_cross_attention(1000 · x (3, 4), 1000 · query_pos (3, 4), memory (5, 4), pos (5, 4))",
                [] { return inputs(3, 5, 1000); });
}

TEST(DetrCrossAttention, IsZeroForAMemoryOfZeros) {
  exercise.invariant("DE-08", "the output for a memory of zeros must be zero: positions are in the values",
                     [](auto f) {
                       const auto [x, query_pos, memory, pos] = inputs(3, 5);
                       return max(abs(f(x, query_pos, memory * 0.0, pos))).item() < 1e-6;
                     });
}

TEST(DetrCrossAttention, AttendsFromTheFirstQueryToTheLastPixel) {
  exercise.invariant(
      "DE-09", "a change of the last pixel must change the output of the first query", [](auto f) {
        const auto [x, query_pos, memory, pos] = inputs(3, 5);
        Tensor changed = memory.clone();
        changed.set({4, 1}, 3);
        return max_abs_difference(f(x, query_pos, changed, pos)[0], f(x, query_pos, memory, pos)[0]) > 1e-3;
      });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit DE-08: `softmax(scores, -1), memory` => `softmax(scores, -1), memory + pos`
