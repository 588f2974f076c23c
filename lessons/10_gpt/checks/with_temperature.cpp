#include "lessons/10_gpt/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

Tensor right(const Tensor& logits, double t) { return softmax(logits / t, -1); }
Tensor multiplied(const Tensor& logits, double t) { return softmax(logits * t, -1); }
Tensor ignored(const Tensor& logits, double) { return softmax(logits, -1); }
Tensor of_probabilities(const Tensor& logits, double t) { return softmax(logits, -1) / t; }
Tensor softmax_twice(const Tensor& logits, double t) { return softmax(softmax(logits, -1) / t, -1); }
Tensor over_the_batch(const Tensor& logits, double t) { return softmax(logits / t, 0); }
Tensor no_softmax(const Tensor& logits, double t) { return logits / t; }

const tutor::Exercise<decltype(with_temperature)> exercise{
    "10_with_temperature",
    with_temperature,
    right,
    {{"GP-07", "multiplied by the temperature: a low one must make it surer, so divide", multiplied},
     {"GP-15", "the temperature is not used", ignored},
     {"GP-16", "the probabilities were divided: they no longer sum to 1. Divide the logits",
      of_probabilities},
     {"GP-17", "softmax of a softmax: divide the logits, then one softmax", softmax_twice},
     {"GP-18", "softmax over the batch: tokens are on the last axis", over_the_batch},
     {"GP-19", "these are logits still: softmax makes probabilities of them", no_softmax}}};

TEST(WithTemperature, BelowOneIsSurer) {
  exercise.compare("with_temperature({{1, 0}, {-0.5, 2}}, 0.5)", [](auto f) {
    return f(tensor({{1, 0}, {-0.5, 2}}), 0.5);
  });
}
TEST(WithTemperature, AboveOneIsBolder) {
  exercise.compare("with_temperature({{2, 1, 0}, {0, -1, 3}}, 2)", [](auto f) {
    return f(tensor({{2, 1, 0}, {0, -1, 3}}), 2.0);
  });
}
TEST(WithTemperature, OfLargeLogitsIsFinite) {
  exercise.compare("with_temperature({{900, 901}, {3, 1}}, 0.7)", [](auto f) {
    return f(tensor({{900, 901}, {3, 1}}), 0.7);
  });
}

}  // namespace
}  // namespace heed::exercise
