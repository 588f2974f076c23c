#include "nn/linear.h"

#include <cmath>
#include <sstream>

#include "tests/testing.h"

namespace heed::nn {

// The example of nn/README.md.
TEST(Linear, TheExampleOfThePageWorks) {
  const Tensor x = ones({2, 4});
  std::ostringstream printed;
  Generator gen(0);
  nn::Linear layer({.in = 4, .out = 8}, gen);
  Tensor y = layer(x);
  printed << layer;
  EXPECT_EQ(printed.str(), "Linear(in=4, out=8)  # 40 parameters");
  EXPECT_EQ(y.shape(), (Shape{2, 8}));
}

TEST(Linear, IsTheFormula) {
  Generator gen(0);
  Linear layer({.in = 2, .out = 3}, gen);
  layer.load_state_dict({{"weight", tensor({{1, 2}, {3, 4}, {5, 6}})}, {"bias", tensor({10, 20, 30})}});
  expect_same_bits(layer(tensor({{1, 1}, {0, -1}})), tensor({{13, 27, 41}, {8, 16, 24}}));
  EXPECT_EQ(layer(zeros({5, 4, 2})).shape(), (Shape{5, 4, 3}));
  EXPECT_EQ(layer(zeros({0, 2})).shape(), (Shape{0, 3}));
}

TEST(Linear, IsInitialisedWithinOneOverTheRootOfIn) {
  Generator gen(0);
  const Linear layer({.in = 16, .out = 400}, gen);
  for (const Tensor& p : layer.parameters()) {
    EXPECT_LE(max(abs(p)).item(), 0.25);
    EXPECT_GT(max(abs(p)).item(), 0.24);
  }
}

TEST(Linear, HasNoBiasIfTheOptionIsOff) {
  Generator gen(0);
  const Linear layer({.in = 4, .out = 2, .bias = false}, gen);
  EXPECT_EQ(layer.parameter_count(), 8);
  EXPECT_FALSE(layer.bias.defined());
  EXPECT_EQ(concat(layer), "Linear(in=4, out=2, bias=false)  # 8 parameters");
}

TEST(Linear, AMissingSizeIsRejected) {
  Generator gen(0);
  EXPECT_EQ(error_of([&] { Linear({.in = 4}, gen); }),
            "[Linear] expected in and out of at least 1, got in = 4, out = 0");
}

}  // namespace heed::nn
