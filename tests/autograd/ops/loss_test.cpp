#include <cmath>

#include "tests/autograd/ops/testing.h"

namespace heed {
namespace {

TEST(Loss, CrossEntropyOfUniformLogitsIsTheLogOfTheClassCount) {
  EXPECT_NEAR(cross_entropy(zeros({3, 10}, f64), IntTensor{1, 5, 9}).item(), std::log(10), 1e-15);
  EXPECT_NEAR(cross_entropy(tensor({1000, 0}).unsqueeze(0), IntTensor{1}).item(), 1000, 1e-3)
      << "no overflow";  // AG-19
  EXPECT_EQ(cross_entropy(tensor({{1000, 0}}), IntTensor{0}).item(), 0);
}

TEST(Loss, CrossEntropyIsTheLogSoftmaxAtTheTarget) {
  const Tensor x = noise({2, 3, 5}, 1, f64);
  const IntTensor targets{{0, 4, 2}, {1, 1, 3}};
  const Tensor each = cross_entropy(x, targets, {.reduction = Reduction::none});
  ASSERT_EQ(each.shape(), (Shape{2, 3}));
  const Tensor log_p = log_softmax(x, -1);
  EXPECT_NEAR(each.at({1, 2}), -log_p.at({1, 2, 3}), 1e-15);
  EXPECT_NEAR(cross_entropy(x, targets, {.reduction = Reduction::sum}).item(), sum(each).item(), 1e-13);
  EXPECT_NEAR(cross_entropy(x, targets).item(), mean(each).item(), 1e-14);
  EXPECT_NEAR(nll_loss(log_p, targets).item(), mean(each).item(), 1e-14);
}

TEST(Loss, IgnoredTargetsAreLeftOutOfTheSumAndTheMean) {
  const Tensor x = noise({3, 4}, 1, f64);
  EXPECT_NEAR(cross_entropy(x, {1, -100, 2}).item(), cross_entropy(index_select(x, 0, {0, 2}), {1, 2}).item(),
              1e-15);
  EXPECT_NEAR(cross_entropy(x, {1, 0, 2}, {.ignore_index = 0}).item(),
              cross_entropy(index_select(x, 0, {0, 2}), {1, 2}).item(), 1e-15);
  EXPECT_EQ(cross_entropy(x, {-100, -100, -100}).item(), 0) << "PyTorch: NaN";
  EXPECT_EQ(cross_entropy(x, {1, -100, 2}, {.reduction = Reduction::none}).at({1}), 0);
}

// Neither the loss nor a gradient depends on an ignored row, whatever numbers the padding has.
TEST(Loss, AnIgnoredRowAffectsNeitherTheLossNorAGradient) {
  const IntTensor targets{1, -100, 2};
  for (const double bad : {std::nan(""), double{INFINITY}, -double{INFINITY}})
    for (const Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::none})
      for (const double smoothing : {0.0, 0.1}) {
        const CrossEntropyOptions options{.reduction = reduction, .label_smoothing = smoothing};
        const auto run = [&](auto loss, double row) {
          Tensor x = log_softmax(noise({3, 4}, 1, f64), -1);
          x.select(0, 1).fill_(row);
          x.set_requires_grad();
          const Tensor y = loss(x, targets, options);
          sum(y).backward();
          return std::pair(y.detach(), x.grad());
        };
        for (const auto& loss : {cross_entropy, nll_loss}) {
          const auto [y, dx] = run(loss, bad);
          const auto [want_y, want_dx] = run(loss, 0);
          expect_same_bits(y, want_y);
          expect_same_bits(dx, want_dx);
          EXPECT_EQ(max(abs(dx[1])).item(), 0);
        }
      }
}

TEST(Loss, ClassesAreOnTheLastAxis) {
  const Tensor x = noise({2, 3, 4});
  const IntTensor targets{{0, 3, 1}, {2, 2, -100}};
  EXPECT_EQ(cross_entropy(x, targets).item(), cross_entropy(x.reshape({6, 4}), targets.reshape({6})).item());
}

TEST(Loss, MeanSquaredErrorAndBinaryCrossEntropy) {
  EXPECT_EQ(mse_loss(tensor({1, 2}), tensor({3, 2})).item(), 2);
  EXPECT_EQ(mse_loss(tensor({1, 2}), tensor({3, 2}), Reduction::sum).item(), 4);
  EXPECT_EQ(mse_loss(tensor({1, 2}), tensor({3, 2}), Reduction::none).to_vector(), (Numbers{4, 0}));
  EXPECT_NEAR(binary_cross_entropy_with_logits(tensor({0, 0}), tensor({0, 1})).item(), std::log(2), 1e-7);
  EXPECT_EQ(binary_cross_entropy_with_logits(tensor({1000, -1000}), tensor({1, 0})).item(), 0);
  EXPECT_EQ(binary_cross_entropy_with_logits(tensor({1000}), tensor({0})).item(), 1000);
}

TEST(Loss, LongSumsAreAccurate) {
  const index_t n = 1'000'000;
  const Tensor x = full({n}, 0.1), log_p = full({n, 1}, -0.1);
  expect_all_near(mse_loss(x, zeros({n}), Reduction::sum), static_cast<double>(n) * tenth * tenth);
  expect_all_near(nll_loss(log_p, IntTensor::zeros({n}), {.reduction = Reduction::sum}),
                  static_cast<double>(n) * tenth);
  expect_all_near(cross_entropy(zeros({n, 2}), IntTensor::zeros({n})), std::log(2));
  expect_all_near(binary_cross_entropy_with_logits(zeros({n}), x), std::log(2));
}

TEST(Loss, InfiniteLogitsGiveTheLimitOfTheBinaryCrossEntropy) {
  const Tensor x =
      tensor({INFINITY, INFINITY, INFINITY, -INFINITY, -INFINITY, -INFINITY}).set_requires_grad();
  const Tensor y = binary_cross_entropy_with_logits(x, tensor({0, 0.5, 1, 0, 0.5, 1}), Reduction::none);
  EXPECT_EQ(y.to_vector(), (Numbers{INFINITY, INFINITY, 0, 0, INFINITY, INFINITY}));
  y.backward(ones({6}));
  EXPECT_EQ(x.grad().to_vector(), (Numbers{1, 0.5, 0, 0, -0.5, -1}));
  EXPECT_TRUE(std::isnan(binary_cross_entropy_with_logits(tensor({NAN}), tensor({0})).item()));
}

TEST(Loss, InfiniteLogitsGiveTheCrossEntropyOfPyTorch) {
  EXPECT_TRUE(std::isnan(cross_entropy(tensor({{INFINITY, 0}}), {0}).item()));
  EXPECT_EQ(cross_entropy(tensor({{-INFINITY, 0}}), {0}).item(), INFINITY);
  const Tensor x = tensor({{-INFINITY, 0, 0}}).set_requires_grad();
  cross_entropy(x, {1}).backward();
  EXPECT_EQ(x.grad().to_vector(), (Numbers{0, -0.5, 0.5}));
  // An ignored row has a gradient of 0, even if it is NaN.
  const Tensor ignored = tensor({{NAN, 0}}).set_requires_grad();
  cross_entropy(ignored, {-100}).backward();
  EXPECT_EQ(ignored.grad().to_vector(), (Numbers{0, 0}));
  EXPECT_EQ(cross_entropy(zeros({0, 3}), IntTensor::zeros({0})).item(), 0)
      << "no rows, the same as if all were ignored";
  EXPECT_TRUE(std::isnan(mse_loss(zeros({0}), zeros({0})).item()));
}

TEST(Loss, ErrorsNameOpShapesAndRule) {
  EXPECT_EQ(error_of([] {
              cross_entropy(ones({2, 3}), {0, 3});
            }),
            "[cross_entropy] expected targets in [0, 3) or ignore_index (-100), got 3 at position 1");
  EXPECT_EQ(error_of([] {
              cross_entropy(ones({2, 3}), {0, -1});
            }),
            "[cross_entropy] expected targets in [0, 3) or ignore_index (-100), got -1 at position 1");
  EXPECT_EQ(error_of([] {
              cross_entropy(ones({2, 3}), {0});
            }),
            "[cross_entropy] expected targets (2), one class per row of (2, 3), got (1). Hint: the classes "
            "are the last axis");
  EXPECT_EQ(error_of([] {
              cross_entropy(ones({2, 0}), {0, 0});
            }),
            "[cross_entropy] expected at least one class in the last axis, got (2, 0)");
  EXPECT_EQ(error_of([] {
              cross_entropy(ones({1, 3}), {0}, {.label_smoothing = 1});
            }),
            "[cross_entropy] expected label_smoothing in [0, 1), got 1");
  EXPECT_EQ(error_of([] {
              nll_loss(ones({2, 3}), {0, 3});
            }),
            "[nll_loss] expected targets in [0, 3) or ignore_index (-100), got 3 at position 1");
  EXPECT_EQ(error_of([] { mse_loss(ones({2}), ones({3})); }),
            "[mse_loss] expected x and target of one shape, got x (2) and target (3)");
  EXPECT_EQ(
      error_of([] { binary_cross_entropy_with_logits(ones({2}), ones({3})); }),
      "[binary_cross_entropy_with_logits] expected x and target of one shape, got x (2) and target (3)");
  EXPECT_EQ(error_of([] {
              binary_cross_entropy_with_logits(ones({2}), tensor({0, 1.5}));
            }),
            "[binary_cross_entropy_with_logits] expected targets in [0, 1], got 1.5 at position 1");
  expect_rejects_undefined("cross_entropy", [](const Tensor& t) { cross_entropy(t, {0}); });
  expect_rejects_two_dtypes("mse_loss", [](const Tensor& a, const Tensor& b) { mse_loss(a, b); });
}

}  // namespace
}  // namespace heed
