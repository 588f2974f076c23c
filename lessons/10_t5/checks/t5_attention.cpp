#include <cmath>

#include "lessons/10_t5/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Returns the bias (H, T, S), with the distance computed from the indices of query and key.
template <index_t distance(index_t query, index_t key, index_t t, index_t s)>
Tensor bias(const Tensor& table, index_t t, index_t s, bool bidirectional) {
  IntTensor ids = IntTensor::zeros({t, s});
  for (index_t i = 0; i < t; ++i)
    for (index_t j = 0; j < s; ++j)
      ids.values()[static_cast<std::size_t>(i * s + j)] =
          nn::relative_position_bucket(distance(i, j, t, s), bidirectional, table.size(0), 128);
  return embedding(table, ids).permute({2, 0, 1});
}
index_t from_last(index_t i, index_t j, index_t t, index_t s) { return j - (s - t + i); }
index_t from_first(index_t i, index_t j, index_t, index_t) { return j - i; }
index_t backwards(index_t i, index_t j, index_t t, index_t s) { return s - t + i - j; }

Tensor products(const Tensor& q, const Tensor& k) { return matmul(q, k.transpose(-2, -1)); }
Tensor weights(const Tensor& scores, const Mask& allowed) {
  return allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1);
}
Tensor bias_of(const Tensor& q, const Tensor& k, const Tensor& table, bool both) {
  return table.defined() ? bias<from_last>(table, q.size(2), k.size(2), both) : zeros({}, q.dtype());
}
Tensor reference(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
                 const Mask& allowed) {
  return matmul(weights(products(q, k) + bias_of(q, k, table, both), allowed), v);
}

Tensor scaled(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
              const Mask& allowed) {
  return reference(q / std::sqrt(static_cast<double>(q.size(-1))), k, v, table, both, allowed);
}
Tensor scaled_late(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
                   const Mask& allowed) {
  const double root = std::sqrt(static_cast<double>(q.size(-1)));
  return reference(q / root, k, v, table.defined() ? table / root : table, both, allowed);
}
template <index_t distance(index_t query, index_t key, index_t t, index_t s)>
Tensor other_distance(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
                      const Mask& allowed) {
  if (!table.defined()) return reference(q, k, v, table, both, allowed);
  return matmul(weights(products(q, k) + bias<distance>(table, q.size(2), k.size(2), both), allowed), v);
}
Tensor no_bias(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor&, bool both,
               const Mask& allowed) {
  return reference(q, k, v, Tensor(), both, allowed);
}
Tensor first_head(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
                  const Mask& allowed) {
  return reference(q, k, v, table.defined() ? table.slice(1, 0, 1).expand(table.shape()) : table, both,
                   allowed);
}
Tensor always_bidirectional(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool,
                            const Mask& allowed) {
  return reference(q, k, v, table, true, allowed);
}
Tensor never_bidirectional(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool,
                           const Mask& allowed) {
  return reference(q, k, v, table, false, allowed);
}
Tensor on_the_weights(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
                      const Mask& allowed) {
  return matmul(weights(products(q, k), allowed) + bias_of(q, k, table, both), v);
}
Tensor subtracted(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
                  const Mask& allowed) {
  return reference(q, k, v, table.defined() ? -table : table, both, allowed);
}
Tensor multiplied(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
                  const Mask& allowed) {
  if (!table.defined()) return reference(q, k, v, table, both, allowed);
  return matmul(weights(products(q, k) * bias_of(q, k, table, both), allowed), v);
}
Tensor untrained(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
                 const Mask& allowed) {
  return reference(q, k, v, table.defined() ? table.detach() : table, both, allowed);
}
Tensor no_mask(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
               const Mask&) {
  return reference(q, k, v, table, both, Mask());
}
Tensor inverted_mask(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
                     const Mask& allowed) {
  return reference(q, k, v, table, both, allowed.defined() ? !allowed : allowed);
}

Tensor masked_late(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
                   const Mask& allowed) {
  const Tensor probabilities = softmax(products(q, k) + bias_of(q, k, table, both), -1);
  return matmul(allowed.defined() ? masked_fill(probabilities, !allowed, 0) : probabilities, v);
}
Tensor nan_rows(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
                const Mask& allowed) {
  const Tensor scores = products(q, k) + bias_of(q, k, table, both);
  return matmul(softmax(allowed.defined() ? masked_fill(scores, !allowed, -INFINITY) : scores, -1), v);
}
Tensor uniform_rows(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
                    const Mask& allowed) {
  const Tensor scores = products(q, k) + bias_of(q, k, table, both);
  return matmul(softmax(allowed.defined() ? masked_fill(scores, !allowed, -1e9) : scores, -1), v);
}
Tensor of_keys(const Tensor& q, const Tensor& k, const Tensor&, const Tensor& table, bool both,
               const Mask& allowed) {
  return reference(q, k, k, table, both, allowed);
}
Tensor over_queries(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
                    const Mask& allowed) {
  Tensor scores = products(q, k) + bias_of(q, k, table, both);
  if (allowed.defined()) scores = masked_fill(scores, !allowed, -1e30);
  return matmul(softmax(scores, -2), v);
}
const checks::Exercise<decltype(t5_attention)> exercise{
    "10_t5_attention",
    t5_attention,
    reference,
    {{"T5-01", "the scores were divided by √D: T5 does not, its initialisation compensates for that", scaled},
     {"T5-18", "scores and bias were divided by √D: T5 divides neither", scaled_late},
     {"T5-07", "the queries are the last T of the S tokens: with a cache, query t is at S - T + t",
      other_distance<from_first>},
     {"T5-19", "the sign of the distance is reversed: it is key - query", other_distance<backwards>},
     {"T5-20", "the bias was not used: the attention does not depend on positions", no_bias},
     {"T5-21", "every head has the bias of head 0: the table has a column for each head", first_head},
     {"T5-03", "the decoder's buckets are one-sided: pass bidirectional on", always_bidirectional},
     {"T5-08", "the encoder's buckets are two-sided: pass bidirectional on", never_bidirectional},
     {"T5-22", "the bias was added to the weights, after the softmax: add it to the scores", on_the_weights},
     {"T5-23", "the bias was subtracted from the scores: add it", subtracted},
     {"T5-24", "the scores were multiplied by the bias: add it", multiplied},
     {"T5-25", "no gradient reaches the table: it is a trained parameter", untrained},
     {"MK-01", "the mask was not used: masked keys have a weight", no_mask},
     {"MK-02", "the mask is inverted: TRUE = MAY ATTEND", inverted_mask},
     {"MK-03", "masked after the softmax: rows no longer sum to 1. Mask the scores before it", masked_late},
     {"MK-11", "a row that may attend to nothing is NaN: it must be 0", nan_rows},
     {"MK-29", "a row that may attend to nothing has equal weights (-1e9 everywhere): it must be 0",
      uniform_rows},
     {"SD-36", "the keys were averaged: apply the weights to the values", of_keys},
     {"SD-06", "each row must sum to 1: softmax over the keys (the last axis), not over the queries",
      over_queries}}};

// Returns inputs with H = 3, D = 4 and eight buckets.
using Inputs = std::tuple<Tensor, Tensor, Tensor, Tensor, bool, Mask>;
Inputs inputs(index_t batch, index_t t, index_t s, bool bidirectional, const Mask& allowed,
              double scale = 1) {
  Generator gen(12);
  const Tensor q = randn({batch, 3, t, 4}, gen) * scale, k = randn({batch, 3, s, 4}, gen),
               v = randn({batch, 3, s, 4}, gen);
  return {q, k, v, randn({8, 3}, gen), bidirectional, allowed};
}
Inputs without_table(Inputs all) {
  std::get<3>(all) = Tensor();
  return all;
}

Inputs with_buckets(index_t n, Inputs all) {
  Generator gen(13);
  std::get<3>(all) = randn({n, 3}, gen);
  return all;
}

TEST(T5Attention, OfAnEncoder) {
  exercise.call("t5_attention(q (2, 3, 5, 4), k, v, table (8, 3), true, no mask)",
                [] { return inputs(2, 5, 5, true, {}); });
  exercise.call("t5_attention(q (2, 3, 5, 4), k, v, table (8, 3), true, padding({3, 4}))", [] {
    return inputs(2, 5, 5, true, padding({3, 4}, 5).unsqueeze(1));
  });
  exercise.call("t5_attention(q (1, 3, 4, 4), k, v, table (8, 3), true, padding({2}))",
                [] { return inputs(1, 4, 4, true, padding({2}, 4).unsqueeze(1)); });
}

TEST(T5Attention, OfADecoder) {
  exercise.call("t5_attention(q (2, 3, 5, 4), k, v, table (8, 3), false, causal(5))",
                [] { return inputs(2, 5, 5, false, causal(5)); });
}

TEST(T5Attention, OfTheLastQueriesWithACache) {
  exercise.call("t5_attention(q (2, 3, 2, 4), k (2, 3, 6, 4), v, table (8, 3), false, causal(2, 6))",
                [] { return inputs(2, 2, 6, false, causal(2, 6)); });
  exercise.call("t5_attention(q (2, 3, 1, 4), k (2, 3, 6, 4), v, table (8, 3), false, padding({2, 5}))", [] {
    return inputs(2, 1, 6, false, padding({2, 5}, 6).unsqueeze(1));
  });
  exercise.call("t5_attention(q (1, 3, 4, 4), k (1, 3, 40, 4), v, table (16, 3), true, no mask)",
                [] { return with_buckets(16, inputs(1, 4, 40, true, {})); });
  exercise.call("t5_attention(q (1, 3, 4, 4), k (1, 3, 40, 4), v, table (16, 3), false, no mask)",
                [] { return with_buckets(16, inputs(1, 4, 40, false, {})); });
}

TEST(T5Attention, ToAnotherSequenceHasNoBias) {
  exercise.call("t5_attention(q (2, 3, 4, 4), k (2, 3, 3, 4), v, no table, false, padding({3, 1}))", [] {
    return without_table(inputs(2, 4, 3, false, padding({3, 1}, 3).unsqueeze(1)));
  });
  exercise.call("t5_attention(q (2, 3, 3, 4), k (2, 3, 3, 4), v, no table, false, no mask)",
                [] { return without_table(inputs(2, 3, 3, false, {})); });
  exercise.call("t5_attention(q (2, 3, 4, 4), k (2, 3, 3, 4), v, no table, false, padding({0, 2}))", [] {
    return without_table(inputs(2, 4, 3, false, padding({0, 2}, 3).unsqueeze(1)));
  });
}

TEST(T5Attention, IsZeroForAFullyMaskedRow) {
  exercise.call("t5_attention(q (2, 3, 3, 4), k, v, table (8, 3), true, padding({0, 2}))", [] {
    return inputs(2, 3, 3, true, padding({0, 2}, 3).unsqueeze(1));
  });
}

TEST(T5Attention, IsCorrectForLargeScores) {
  exercise.call("t5_attention(1000 · q (2, 3, 3, 4), k, v, table (8, 3), true, padding({3, 2}))", [] {
    return inputs(2, 3, 3, true, padding({3, 2}, 3).unsqueeze(1), 1000);
  });
}

// Returns inputs in which key 2 is masked and NaN.
Inputs with_nan() {
  Inputs all = inputs(2, 3, 3, true, padding({2, 1}, 3).unsqueeze(1));
  for (index_t b = 0; b < 2; ++b)
    for (index_t h = 0; h < 3; ++h) std::get<1>(all).set({b, h, 2, 0}, NAN);
  return all;
}

TEST(T5Attention, ReadsNoMaskedKey) {
  exercise.call("t5_attention(q (2, 3, 3, 4), k with NaN at key 2, v, table (8, 3), true, padding({2, 1}))",
                with_nan, {.gradients = false});
  exercise.call("t5_attention(q (2, 3, 3, 4), k with NaN at key 2, v, no table, true, padding({2, 1}))",
                [] { return without_table(with_nan()); }, {.gradients = false});
}

}  // namespace
}  // namespace heed::exercise

// wrong edit T5-07: `j - (s - t + i)` => `j - i`
