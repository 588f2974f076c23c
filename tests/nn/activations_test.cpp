#include "nn/activations.h"

#include "tests/testing.h"

namespace heed::nn {

TEST(Activations, AreTheirFunctions) {
  const Tensor x = tensor({-1, 0, 2});
  expect_close(ReLU()(x), tensor({0, 0, 2}));
  expect_close(GELU()(x), tensor({-0.1586553, 0, 1.9544997}));
  expect_close(GELU({.form = Gelu::tanh})(x), tensor({-0.1588080, 0, 1.9545977}));
  expect_close(SiLU()(x), tensor({-0.2689414, 0, 1.7615942}));
  expect_close(Tanh()(x), tensor({-0.7615942, 0, 0.9640276}));
  expect_close(Sigmoid()(x), tensor({0.2689414, 0.5, 0.8807971}));
}

TEST(Activations, CanBeChosenByOption) {
  const Tensor x = tensor({-1, 0, 2});
  expect_same_bits(activate(Activation::relu, x), ReLU()(x));
  expect_same_bits(activate(Activation::gelu, x), GELU()(x));
}

TEST(Activations, PrintAndClone) {
  EXPECT_EQ(concat(ReLU(), SiLU(), Tanh(), Sigmoid(), GELU()), "ReLU()SiLU()Tanh()Sigmoid()GELU()");
  EXPECT_EQ(concat(GELU({.form = Gelu::tanh}).clone()), "GELU(form=tanh)");
  EXPECT_TRUE(ReLU().parameters().empty());
}

}  // namespace heed::nn
