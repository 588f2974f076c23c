#include <cmath>

#include "tests/autograd/ops/testing.h"

namespace heed {
namespace {

TEST(DropoutOp, ZeroesTheExpectedFractionAndKeepsTheMean) {
  Generator gen(1);
  const Tensor y = dropout(ones({100'000}), 0.3, gen);
  EXPECT_NEAR(static_cast<double>(equal(y, 0).count()) / 100'000, 0.3, 0.005);
  EXPECT_NEAR(mean(y).item(), 1, 0.01);
  for (const double value : y.to_vector()) ASSERT_TRUE(value == 0 || std::abs(value - 1 / 0.7) < 1e-6);
}

TEST(DropoutOp, TheGradientIsZeroAtTheSameElements) {
  Generator gen(1);
  const Tensor x = ones({1000}).set_requires_grad();
  const Tensor y = dropout(x, 0.5, gen);
  sum(y).backward();
  EXPECT_EQ(x.grad().to_vector(), y.to_vector());
}

TEST(DropoutOp, DependsOnTheGeneratorAndTheIndexAlone) {
  Generator a(1), b(1), c(1);
  const Tensor x = ones({1000}), first = dropout(x, 0.5, a);
  expect_same_bits(first, dropout(x, 0.5, b));
  EXPECT_GT(max_abs_difference(first, dropout(x, 0.5, a)), 0) << "the next call uses new random numbers";
  expect_same_bits(first, dropout(ones({10, 100}), 0.5, c).reshape({1000}));
}

TEST(DropoutOp, SupportsProbabilitiesZeroAndOne) {
  Generator gen(1);
  const Tensor x = ones({65}).set_requires_grad();
  EXPECT_EQ(dropout(x, 0, gen).to_vector(), Numbers(65, 1));
  const Tensor nothing = dropout(x, 1, gen);
  EXPECT_EQ(nothing.to_vector(), Numbers(65, 0));
  sum(nothing).backward();
  EXPECT_EQ(x.grad().to_vector(), Numbers(65, 0));
  EXPECT_EQ(dropout(zeros({0}), 0.5, gen).numel(), 0);
}

TEST(DropoutOp, ErrorsNameOpAndRule) {
  Generator gen(1);
  EXPECT_EQ(error_of([&] { dropout(ones({1}), -0.1, gen); }), "[dropout] expected p in [0, 1], got -0.1");
  EXPECT_EQ(error_of([&] { dropout(ones({1}), 1.5, gen); }), "[dropout] expected p in [0, 1], got 1.5");
  EXPECT_EQ(error_of([&] { dropout(ones({1}), NAN, gen); }), "[dropout] expected p in [0, 1], got nan");
  expect_rejects_undefined("dropout", [&](const Tensor& t) { dropout(t, 0.5, gen); });
}

}  // namespace
}  // namespace heed
