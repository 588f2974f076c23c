// Covers the mistakes LN-01 … LN-08, and RMSNorm.
#include "nn/norm.h"

#include <cmath>

#include "tests/testing.h"

namespace heed::nn {

TEST(LayerNorm, DividesByTheRootOfTheBiasedVariancePlusEps) {
  LayerNorm norm({.size = 4});
  expect_close(norm(tensor({1, 0, 0, 0})), tensor({1.7320, -0.5773, -0.5773, -0.5773}), 1e-4);
  LayerNorm pair({.size = 2});
  expect_close(pair(tensor({.001, -.001})), tensor({0.3015, -0.3015}), 1e-4);
}

TEST(LayerNorm, ScalesAndShifts) {
  LayerNorm norm({.size = 4});
  const Tensor x = noise({3, 4}), y = norm(x);
  norm.load_state_dict({{"weight", full({4}, 2)}, {"bias", ones({4})}});
  expect_close(norm(x), y * 2 + 1, 1e-6);
}

TEST(LayerNorm, BackwardIncludesTheGradientsOfMeanAndVariance) {
  LayerNorm norm({.size = 4});
  Tensor x = tensor({1, 2, 3, 4}).set_requires_grad();
  norm(x).backward(tensor({1, 0, 0, 0}));
  expect_close(x.grad(), tensor({0.2683, -0.3578, -0.0894, 0.1789}), 1e-4);
}

TEST(LayerNorm, HasNoParametersIfNotAffine) {
  LayerNorm norm({.size = 4, .affine = false});
  EXPECT_EQ(norm.parameter_count(), 0);
  EXPECT_EQ(concat(norm), "LayerNorm(size=4, eps=1e-05, affine=false)");
  EXPECT_EQ(norm.clone()(noise({2, 4})).shape(), (Shape{2, 4}));
}

TEST(LayerNorm, AnotherWidthIsRejected) {
  LayerNorm norm({.size = 4, .affine = false});
  EXPECT_EQ(error_of([&] { norm(zeros({2, 3})); }), "[LayerNorm] expected x (..., 4), got (2, 3)");
  EXPECT_EQ(error_of([&] { norm(Tensor()); }), "[LayerNorm] expected x (..., 4), got an undefined tensor");
  EXPECT_EQ(error_of([] { LayerNorm({}); }), "[LayerNorm] expected a size of at least 1, got 0");
}

TEST(RMSNorm, DividesByTheRootMeanSquare) {
  RMSNorm norm({.size = 2, .eps = 0});
  expect_close(norm(tensor({3, 4})), tensor({3, 4}) / std::sqrt(12.5), 1e-6);
  norm.load_state_dict({{"weight", tensor({2, 3})}});
  expect_close(norm(tensor({3, 4})), tensor({6, 12}) / std::sqrt(12.5), 1e-6);
  EXPECT_EQ(concat(norm), "RMSNorm(size=2, eps=0)  # 2 parameters");
  EXPECT_EQ(error_of([] { RMSNorm({}); }), "[RMSNorm] expected a size of at least 1, got 0");
}

}  // namespace heed::nn
