#include <cmath>

#include "lessons/10_bert/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

using T = const Tensor&;
Tensor reference(T x, T w, T b) { return tanh(linear(x.select(1, 0), w, b)); }
Tensor mean_of_all(T x, T w, T b) { return tanh(linear(x.mean({1}), w, b)); }
Tensor last_token(T x, T w, T b) { return tanh(linear(x.select(1, -1), w, b)); }
Tensor first_sequence(T x, T w, T b) { return tanh(linear(x.select(0, 0), w, b)); }
Tensor without_tanh(T x, T w, T b) { return linear(x.select(1, 0), w, b); }
Tensor without_layer(T x, T, T) { return tanh(x.select(1, 0)); }
Tensor without_bias(T x, T w, T) { return tanh(linear(x.select(1, 0), w)); }
Tensor transposed(T x, T w, T b) { return tanh(linear(x.select(1, 0), w.transpose(0, 1), b)); }

const checks::Exercise<decltype(pool)> exercise{
    "10_pool",
    pool,
    reference,
    {{"BE-22", "the mean of all tokens: BERT uses the first token only", mean_of_all},
     {"BE-23", "the last token was used: [CLS] is the first", last_token},
     {"BE-24", "axis 0 is the batch: this selects all tokens of the first sequence", first_sequence},
     {"BE-25", "tanh is missing", without_tanh},
     {"BE-26", "the layer is missing: weight and bias are not used", without_layer},
     {"BE-27", "the bias is missing", without_bias},
     {"BE-28", "the weight is transposed: y = x · weightᵀ + bias, as linear computes", transposed}}};

// Returns hidden (B, T, C), weight (C, C) and bias (C).
std::tuple<Tensor, Tensor, Tensor> inputs(index_t batch, index_t time, double scale = 1) {
  Generator gen(9);
  return {randn({batch, time, 4}, gen) * scale, randn({4, 4}, gen), randn({4}, gen)};
}

TEST(Pool, ReadsTheFirstTokenOfEachSequence) {
  exercise.call("pool(hidden (2, 3, 4), weight (4, 4), bias (4))", [] { return inputs(2, 3); });
  exercise.call("pool(hidden (1, 5, 4), weight (4, 4), bias (4))", [] { return inputs(1, 5); });
  exercise.call("pool(hidden (3, 3, 4), weight (4, 4), bias (4))", [] { return inputs(3, 3); });
}
TEST(Pool, OfOneToken) {
  exercise.call("pool(hidden (2, 1, 4), weight (4, 4), bias (4))", [] { return inputs(2, 1); });
}
TEST(Pool, StaysFiniteForLargeNumbers) {
  exercise.call("pool(1000 · hidden (2, 3, 4), weight (4, 4), bias (4))", [] { return inputs(2, 3, 1000); });
}
TEST(Pool, ReadsNoOtherToken) {
  exercise.call("pool(hidden (2, 3, 4) with NaN at the last token, weight (4, 4), bias (4))",
                [] {
                  auto [hidden, weight, bias] = inputs(2, 3);
                  for (index_t b = 0; b < 2; ++b) hidden.set({b, 2, 1}, NAN);
                  return std::tuple(hidden, weight, bias);
                },
                {.gradients = false});
}

}  // namespace
}  // namespace heed::exercise

// wrong edit BE-23: `select(1, 0)` => `select(1, -1)`
