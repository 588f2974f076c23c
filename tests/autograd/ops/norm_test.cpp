#include <cmath>

#include "autograd/gradcheck.h"
#include "tests/autograd/ops/testing.h"

namespace heed {
namespace {

TEST(Norm, LayerNormGivesMeanZeroAndVarianceOne) {
  const Tensor y = layer_norm(noise({3, 64}, 1, f64), {}, {}, 0);
  expect_close(mean(y, -1), zeros({3}, f64), 1e-15);
  expect_close(var(y, -1, 0), ones({3}, f64), 1e-14);
  expect_close(layer_norm(tensor({1, 3}, f64), tensor({2, 2}, f64), tensor({10, 20}, f64), 0),
               tensor({8, 22}, f64), 1e-14);
}

TEST(Norm, LayerNormIsAccurateFarFromZero) {
  expect_close(layer_norm(tensor({10001, 10002, 10003})), layer_norm(tensor({1, 2, 3})), 1e-5);
}

TEST(Norm, AConstantRowGivesBeta) {
  EXPECT_EQ(layer_norm(full({4}, 7), ones({4}), tensor({1, 2, 3, 4})).to_vector(), (Numbers{1, 2, 3, 4}));
}

TEST(Norm, RmsNormDividesByTheRootMeanSquare) {
  expect_close(rms_norm(tensor({3, 4}, f64), {}, 0), tensor({3 / std::sqrt(12.5), 4 / std::sqrt(12.5)}, f64),
               1e-15);
  EXPECT_EQ(rms_norm(zeros({3})).to_vector(), (Numbers{0, 0, 0}));
}

// 130 rows are two full blocks of 64 and a partial one.
TEST(Norm, GradientsAreCorrectOverBlocksOfRows) {
  const auto layer = [](const std::vector<Tensor>& in) { return layer_norm(in[0], in[1], in[2]); };
  const auto rms = [](const std::vector<Tensor>& in) { return rms_norm(in[0], in[1]); };
  const auto input = [](const Shape& s, unsigned seed) { return noise(s, seed, f64).set_requires_grad(); };
  gradcheck(layer, {input({130, 3}, 2), input({3}, 3), input({3}, 4)});
  gradcheck(rms, {input({130, 3}, 2), input({3}, 3)});
}

TEST(Norm, NoRowsGiveGradientsOfZero) {
  const Tensor gamma = ones({4}).set_requires_grad(), beta = zeros({4}).set_requires_grad();
  sum(layer_norm(zeros({0, 4}), gamma, beta)).backward();
  EXPECT_EQ(gamma.grad().to_vector(), (Numbers{0, 0, 0, 0}));
  EXPECT_EQ(beta.grad().to_vector(), (Numbers{0, 0, 0, 0}));
  const Tensor scale = ones({4}).set_requires_grad();
  sum(rms_norm(zeros({0, 4}), scale)).backward();
  EXPECT_EQ(scale.grad().to_vector(), (Numbers{0, 0, 0, 0}));
}

TEST(Norm, LongRowsAndManyRowsAreAccurate) {
  const index_t n = 4'000'000;
  const Tensor half = full({1, n / 2}, 0.1), x = cat({half, neg(half)}, 1);
  expect_all_near(abs(layer_norm(x, {}, {}, 0)).slice(1, 0, 5), 1);
  expect_all_near(rms_norm(half, {}, 0).slice(1, 0, 5), 1);
  // dgamma and dbeta are sums over rows.
  const index_t rows = 1'000'000;
  const Tensor gamma = ones({2}).set_requires_grad(), beta = zeros({2}).set_requires_grad();
  layer_norm(tensor({-1, 1}).expand({rows, 2}), gamma, beta, 0).backward(full({rows, 2}, 0.1));
  expect_all_near(abs(gamma.grad()), static_cast<double>(rows) * tenth);
  expect_all_near(beta.grad(), static_cast<double>(rows) * tenth);
  const Tensor scale = ones({2}).set_requires_grad();
  rms_norm(ones({rows, 2}), scale, 0).backward(full({rows, 2}, 0.1));
  expect_all_near(scale.grad(), static_cast<double>(rows) * tenth);
}

TEST(Norm, InfinityGivesNaNAsInPyTorch) {
  for (const double value : layer_norm(tensor({INFINITY, 0, 1})).to_vector()) EXPECT_TRUE(std::isnan(value));
  EXPECT_EQ(rms_norm(tensor({INFINITY, 0, 1})).slice(0, 1, 3).to_vector(), (Numbers{0, 0}));
}

TEST(Norm, ErrorsNameOpShapesAndRule) {
  const std::string layer = error_of([] { layer_norm(ones({2, 3}), ones({4})); });
  EXPECT_EQ(layer, "[layer_norm] expected gamma to have one element per channel of x (2, 3), got (4)");
  EXPECT_EQ(error_of([] {
              layer_norm(ones({2, 3}), ones({3}), ones({2, 3}));
            }),
            "[layer_norm] expected beta to have one element per channel of x (2, 3), got (2, 3)");
  EXPECT_EQ(error_of([] {
              rms_norm(ones({2, 3}), ones({4}));
            }),
            "[rms_norm] expected gamma to have one element per channel of x (2, 3), got (4)");
  expect_rejects_undefined("layer_norm", [](const Tensor& t) { layer_norm(t); });
  EXPECT_EQ(error_of([] { layer_norm(scalar(1)); }),
            "[layer_norm] expected at least one channel to normalise over, got x ()");
  EXPECT_EQ(error_of([] {
              rms_norm(ones({2, 0}));
            }),
            "[rms_norm] expected at least one channel to normalise over, got x (2, 0)");
  EXPECT_EQ(error_of([] { layer_norm(ones({2}), {}, {}, -1); }), "[layer_norm] expected eps >= 0, got -1");
  EXPECT_EQ(layer_norm(zeros({0, 4})).shape(), (Shape{0, 4}));
}

}  // namespace
}  // namespace heed
