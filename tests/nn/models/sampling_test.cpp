#include "nn/models/sampling.h"

#include <cmath>
#include <limits>

#include "tests/testing.h"

namespace heed::nn {

// Probabilities 0.4, 0.1, 0.3, 0.2.
static Tensor four() { return log(tensor({0.4, 0.1, 0.3, 0.2}, f64)); }

TEST(Sampling, WithoutTruncationItIsSoftmaxOverTheTemperature) {
  const Tensor x = noise({3, 7}, 1, f64);
  expect_close(sampling_probabilities(x, {}), softmax(x, -1), 1e-12);
  expect_close(sampling_probabilities(x, {.temperature = 0.5}), softmax(x * 2.0, -1), 1e-12);
}

TEST(Sampling, TopKKeepsTheMostProbable) {
  expect_close(sampling_probabilities(four(), {.top_k = 2}), tensor({4 / 7.0, 0.0, 3 / 7.0, 0.0}, f64),
               1e-12);
  expect_close(sampling_probabilities(four(), {.top_k = 99}), exp(four()), 1e-12);
}

TEST(Sampling, TopPKeepsTheTokenThatReachesIt) {
  expect_close(sampling_probabilities(four(), {.top_p = 0.5}), tensor({4 / 7.0, 0.0, 3 / 7.0, 0.0}, f64),
               1e-12);
  expect_close(sampling_probabilities(four(), {.top_p = 0.05}), tensor({1, 0, 0, 0}, f64), 1e-12);
  // Applied after top_k: 0.4 and 0.3 of 0.7 are 57 % and 43 %.
  expect_close(sampling_probabilities(four(), {.top_k = 2, .top_p = 0.56}), tensor({1, 0, 0, 0}, f64), 1e-12);
  // Applied after the temperature: at 0.1 the first token has more than 90 %.
  expect_close(sampling_probabilities(four(), {.temperature = 0.1, .top_p = 0.9}), tensor({1, 0, 0, 0}, f64),
               1e-12);
}

TEST(Sampling, TemperatureZeroSelectsTheFirstOfTheBest) {
  const Tensor equal = tensor({{1, 3, 3, 3}}, f64);
  Generator gen(0);
  EXPECT_EQ(sample(equal, {.temperature = 0}, gen), (IntTensor{1}));
  expect_close(sampling_probabilities(equal, {.top_k = 2}), tensor({{0, 0.5, 0.5, 0}}, f64), 1e-12);
}

TEST(Sampling, FrequenciesFollowTheProbabilities) {
  const index_t draws = 20000;
  Generator gen(7);
  const IntTensor drawn = sample(four().reshape({1, 4}).expand({draws, 4}), {}, gen);
  std::vector<double> counts(4);
  for (const index_t id : drawn.values()) counts[static_cast<std::size_t>(id)] += 1.0 / draws;
  expect_close(from_vector(counts, {4}, f64), exp(four()), 0.015);  // four standard deviations
}

TEST(Sampling, MinusInfinityAndDiscardedTokensAreNeverSampled) {
  const double never = -std::numeric_limits<double>::infinity();
  const Tensor x = tensor({{never, 0, never, 0, -9, never}}, f64).expand({2000, 6});
  Generator gen(8);
  const IntTensor drawn = sample(x, {.top_k = 2}, gen);
  for (const index_t id : drawn.values()) EXPECT_TRUE(id == 1 || id == 3) << id;
}

TEST(Sampling, LargeLogitsDoNotOverflow) {
  expect_close(sampling_probabilities(tensor({1e30, 1e30, -1e30}, f64), {.temperature = 1e-3}),
               tensor({0.5, 0.5, 0}, f64), 1e-12);
}

TEST(Sampling, ErrorsNameTheCause) {
  Generator gen(0);
  const Tensor x = zeros({1, 3});
  EXPECT_EQ(error_of([&] { sample(x, {.temperature = -1}, gen); }),
            "[sample] expected a finite temperature of at least 0, got -1");
  EXPECT_EQ(error_of([&] { sample(x, {.top_k = -2}, gen); }),
            "[sample] expected top_k of at least 0, got -2");
  EXPECT_EQ(error_of([&] { sample(x, {.top_p = 0}, gen); }), "[sample] expected top_p in (0, 1], got 0");
  EXPECT_EQ(error_of([&] { sample(zeros({3}), {}, gen); }), "[sample] expected logits (B, V), got (3)");
  EXPECT_EQ(error_of([&] {
              sample(full({1, 3}, std::nan("")), {}, gen);
            }),
            "[sample] expected logits without NaN, got NaN");
  EXPECT_EQ(error_of([&] {
              sample(full({1, 3}, -std::numeric_limits<double>::infinity()), {}, gen);
            }),
            "[sample] expected a finite largest logit in each row, got -inf");
}

TEST(Sampling, NaNOptionsAreRejected) {
  Generator gen(0);
  const Tensor x = zeros({1, 3});
  for (const SamplingOptions& bad :
       {SamplingOptions{.temperature = std::nan("")}, SamplingOptions{.temperature = INFINITY},
        SamplingOptions{.top_k = -1}, SamplingOptions{.top_p = std::nan("")},
        SamplingOptions{.top_p = 1.01}}) {
    expect_contains(error_of([&] { check_sampling(bad); }), "[sample] ");
    EXPECT_EQ(error_of([&] { sample(x, bad, gen); }), error_of([&] { check_sampling(bad); }));
  }
  EXPECT_NO_THROW(check_sampling({.temperature = 0, .top_k = 0, .top_p = 1}));
}

}  // namespace heed::nn
