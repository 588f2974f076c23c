#include "nn/dropout.h"

#include <cmath>

#include "tests/testing.h"

namespace heed::nn {

TEST(Dropout, ScalesTheRemainingElements) {
  Generator gen(0);
  Dropout layer({.p = 0.5}, gen);
  const Tensor y = layer(ones({100000}));
  EXPECT_NEAR(mean(y).item(), 1, 0.02);
  EXPECT_EQ(max(y).item(), 2);
  EXPECT_EQ(min(y).item(), 0);
}

TEST(Dropout, IsTheIdentityInEvaluation) {
  Generator gen(0);
  Dropout layer({.p = 0.5}, gen);
  layer.eval();
  const Tensor x = noise({10});
  EXPECT_EQ(layer(x).state(), x.state());
}

TEST(Dropout, DrawsNewNumbersFromASeparateGenerator) {
  Generator gen(0);
  Dropout a({.p = 0.5}, gen), b({.p = 0.5}, gen);
  const Tensor x = ones({64}), first = a(x);
  EXPECT_GT(max_abs_difference(first, a(x)), 0);
  EXPECT_GT(max_abs_difference(first, b(x)), 0);
  Generator again(0);
  expect_same_bits(Dropout({.p = 0.5}, again)(x), first);
}

TEST(Dropout, ProbabilitiesZeroAndOneWork) {
  Generator gen(0);
  expect_same_bits(Dropout({.p = 0}, gen)(noise({9})), noise({9}));
  expect_same_bits(Dropout({.p = 1}, gen)(noise({9})), zeros({9}));
}

TEST(Dropout, InvalidProbabilitiesAreRejected) {
  Generator gen(0);
  EXPECT_EQ(error_of([&] { Dropout({.p = 1.5}, gen); }),
            "[Dropout] expected a probability p in [0, 1], got 1.5");
  expect_contains(error_of([&] { Dropout({.p = NAN}, gen); }), "got nan");
}

}  // namespace heed::nn
