#include <cmath>

#include "lessons/10_gpt/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Tensor reference(const Tensor& logits, double t) { return softmax(logits / t, -1); }
Tensor multiplied(const Tensor& logits, double t) { return softmax(logits * t, -1); }
Tensor ignored(const Tensor& logits, double) { return softmax(logits, -1); }
Tensor of_probabilities(const Tensor& logits, double t) { return softmax(logits, -1) / t; }
Tensor softmax_twice(const Tensor& logits, double t) { return softmax(softmax(logits, -1) / t, -1); }
Tensor over_the_batch(const Tensor& logits, double t) { return softmax(logits / t, 0); }
Tensor over_the_second_axis(const Tensor& logits, double t) {
  return softmax(logits / t, logits.rank() > 1 ? 1 : 0);
}
Tensor over_everything(const Tensor& logits, double t) {
  return softmax((logits / t).reshape({-1}), 0).reshape(logits.shape());
}
Tensor no_softmax(const Tensor& logits, double t) { return logits / t; }
Tensor overflowing_exp(const Tensor& logits, double t) {
  const Tensor e = exp(logits / t);
  return e / e.sum({-1}, true);
}

const checks::Exercise<decltype(with_temperature)> exercise{
    "10_with_temperature",
    with_temperature,
    reference,
    {{"GP-07", "multiplied by the temperature: divide, so that a low one gives more confidence", multiplied},
     {"GP-15", "the temperature is not used", ignored},
     {"GP-16", "the probabilities were divided: they no longer sum to 1. Divide the logits",
      of_probabilities},
     {"GP-17", "softmax of a softmax: divide the logits, then one softmax", softmax_twice},
     {"GP-18", "softmax over the batch: tokens are on the last axis", over_the_batch},
     {"GP-61", "softmax over axis 1: the tokens are on the last axis, -1", over_the_second_axis},
     {"GP-62", "one softmax over the whole tensor: each row is a separate distribution", over_everything},
     {"GP-19", "these are still logits: apply softmax", no_softmax},
     {"SD-16", "exp overflowed: subtract the largest logit of the row first", overflowing_exp}}};

TEST(WithTemperature, BelowOneIsMoreConfident) {
  exercise.call("with_temperature({{1, 0}, {-0.5, 2}}, 0.5)", [] {
    return std::tuple(tensor({{1, 0}, {-0.5, 2}}), 0.5);
  });
}
TEST(WithTemperature, AboveOneIsLessConfident) {
  exercise.call("with_temperature({{2, 1, 0}, {0, -1, 3}}, 2)", [] {
    return std::tuple(tensor({{2, 1, 0}, {0, -1, 3}}), 2.0);
  });
}
TEST(WithTemperature, OfAnyNumberOfAxes) {
  exercise.call("with_temperature({0.5, -1, 2}, 2.5)", [] { return std::tuple(tensor({0.5, -1, 2}), 2.5); });
  exercise.call("with_temperature(logits (2, 3, 4), 0.7)", [] {
    Generator gen(12);
    return std::tuple(randn({2, 3, 4}, gen), 0.7);
  });
  exercise.call("with_temperature(logits (1, 1, 5), 20)", [] {
    Generator gen(13);
    return std::tuple(randn({1, 1, 5}, gen), 20.0);
  });
}
TEST(WithTemperature, OfLargeLogitsIsFinite) {
  exercise.call("with_temperature({{900, 901}, {3, 1}}, 0.7)", [] {
    return std::tuple(tensor({{900, 901}, {3, 1}}), 0.7);
  });
  exercise.call("with_temperature({{0, 1000, 1}, {-1000, 2, 3}}, 1)", [] {
    return std::tuple(tensor({{0, 1000, 1}, {-1000, 2, 3}}), 1.0);
  });
}
TEST(WithTemperature, IsZeroForALogitOfMinusInfinity) {
  exercise.call("with_temperature({{1, -INFINITY, 0.99}}, 0.01)", [] {
    return std::tuple(tensor({{1.0, -INFINITY, 0.99}}), 0.01);
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit GP-07: `logits / temperature` => `logits * temperature`
