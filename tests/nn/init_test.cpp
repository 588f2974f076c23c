// init_test.cpp — bounds, moments, determinism.
#include "nn/init.h"

#include <algorithm>
#include <cmath>

#include "tests/testing.h"

namespace heed::nn {

struct Moments {
  double mean, std, low, high;
};
static Moments moments(const Tensor& t) {
  const auto v = t.to_vector();
  double sum = 0, squares = 0;
  for (double x : v) {
    sum += x;
    squares += x * x;
  }
  const double n = static_cast<double>(v.size()), mean = sum / n;
  return {mean, std::sqrt(squares / n - mean * mean), *std::min_element(v.begin(), v.end()),
          *std::max_element(v.begin(), v.end())};
}
static Tensor weight() { return zeros({100, 200}, f64).set_requires_grad(); }

TEST(Init, ConstantsWriteParametersInPlace) {
  Tensor t = weight();
  init::ones(t);
  EXPECT_EQ(moments(t).low, 1);
  init::zeros(t);
  EXPECT_EQ(moments(t).high, 0);
  EXPECT_TRUE(t.requires_grad() && t.is_leaf());
}

TEST(Init, UniformFillsItsRange) {
  Generator gen(1);
  Tensor t = weight();
  init::uniform(t, gen, -2, 4);
  const Moments m = moments(t);
  EXPECT_NEAR(m.mean, 1, 0.05);
  EXPECT_NEAR(m.std, 6 / std::sqrt(12.0), 0.03);
  EXPECT_TRUE(m.low >= -2 && m.low < -1.99 && m.high < 4 && m.high > 3.99);
}

TEST(Init, NormalHasItsMoments) {
  Generator gen(1);
  Tensor t = weight();
  init::normal(t, gen, 3, 0.5);
  EXPECT_NEAR(moments(t).mean, 3, 0.02);
  EXPECT_NEAR(moments(t).std, 0.5, 0.01);
}

TEST(Init, TruncatedNormalStaysWithinItsBounds) {
  Generator gen(1);
  Tensor t = weight();
  init::trunc_normal(t, gen, 0, 1, -2, 2);
  const Moments m = moments(t);
  EXPECT_TRUE(m.low >= -2 && m.high <= 2);
  EXPECT_NEAR(m.mean, 0, 0.02);
  EXPECT_NEAR(m.std, 0.8796, 0.01);  // sqrt(1 - 2·2·phi(2) / (Phi(2) - Phi(-2)))
}

TEST(Init, XavierAndKaimingFollowTheirFans) {
  Generator gen(1);
  Tensor t = weight();  // fan_in 200, fan_out 100
  init::xavier_uniform(t, gen);
  EXPECT_NEAR(moments(t).high, std::sqrt(6.0 / 300), 1e-4);
  EXPECT_LE(moments(t).high, std::sqrt(6.0 / 300));
  init::xavier_normal(t, gen, 2);
  EXPECT_NEAR(moments(t).std, 2 * std::sqrt(2.0 / 300), 2e-3);
  init::kaiming_uniform(t, gen);
  EXPECT_NEAR(moments(t).high, std::sqrt(6.0 / 200), 1e-4);
  init::kaiming_uniform(t, gen, std::sqrt(5));
  EXPECT_NEAR(moments(t).low, -1 / std::sqrt(200.0), 1e-4);
  Tensor window = zeros({10, 20, 3, 3}, f64);
  init::kaiming_uniform(window, gen);
  EXPECT_NEAR(moments(window).high, std::sqrt(6.0 / 180), 1e-3);
}

TEST(Init, DependsOnTheSeedAndNothingElse) {
  auto draw = [](std::uint64_t seed, DType dtype) {
    Generator gen(seed);
    Tensor t = zeros({3, 5}, dtype), u = zeros({3, 5}, dtype);
    init::trunc_normal(t, gen);
    init::normal(u, gen);
    return t + u;
  };
  expect_same_bits(draw(1, f32), draw(1, f32));
  EXPECT_GT(max_abs_difference(draw(1, f32), draw(2, f32)), 0);
  expect_close(draw(1, f32).to(f64), draw(1, f64), 1e-6);  // the same numbers in both precisions
}

TEST(Init, EmptyTensorsStayEmpty) {
  Generator gen(1);
  Tensor t = zeros({0, 4});
  init::normal(t, gen);
  init::xavier_uniform(t, gen);
  EXPECT_EQ(t.numel(), 0);
}

TEST(Init, InvalidTensorsAreRejected) {
  Generator gen(1);
  Tensor vector = zeros({4}), view = zeros({3, 4}).transpose(0, 1), none;
  EXPECT_EQ(error_of([&] { init::xavier_uniform(vector, gen); }),
            "[xavier_uniform] expected a weight (out, in, …), which has a fan_in and a fan_out, got (4)");
  expect_contains(
      error_of([&] { init::kaiming_uniform(vector, gen); }),
      "[kaiming_uniform] expected a weight (out, in, …), which has a fan_in and a fan_out, got (4)");
  EXPECT_EQ(error_of([&] { init::uniform(view, gen); }),
            "[uniform] expected a contiguous tensor, got a strided view (4, 3)");
  EXPECT_EQ(error_of([&] { init::normal(none, gen); }), "[normal] expected a tensor, got an undefined one");
  EXPECT_EQ(error_of([&] { init::normal(vector, gen, 0, -1); }),
            "[normal] expected a std of at least 0, got -1");
  expect_contains(error_of([&] { init::uniform(vector, gen, 1, 0); }),
                  "[uniform] expected low <= high, got [1, 0)");
  expect_contains(error_of([&] { init::trunc_normal(vector, gen, 5, 1, -2, 2); }),
                  "[trunc_normal] expected an interval with enough probability of a normal with mean 5 and "
                  "std 1, got [-2, 2]");
  expect_contains(error_of([&] { init::trunc_normal(vector, gen, 0, 1, 0, 1e-9); }),
                  "[trunc_normal] expected an interval with enough probability of a normal with mean 0 and "
                  "std 1, got [0, 1e-09]");
}

}  // namespace heed::nn
