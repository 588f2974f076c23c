// Initialisation, modes and errors; tests/golden compares the numbers with PyTorch.
#include "nn/conv.h"

#include <cmath>

#include "tests/testing.h"

namespace heed::nn {
namespace {

TEST(Conv2dLayer, IsInitialisedWithinOneOverTheRootOfFanIn) {
  Generator gen(1);
  const Conv2d layer({.in_channels = 4, .out_channels = 64, .kernel_size = 5}, gen);
  EXPECT_LE(max(abs(layer.weight)).item(), 0.1);
  EXPECT_NEAR(var(layer.weight).item(), 0.01 / 3, 0.0003);
  EXPECT_LE(max(abs(layer.bias)).item(), 0.1);
}

TEST(Pooling, ComputesTheMaximumOrTheMeanOfEachWindow) {
  const Tensor x = arange(1, 17).reshape({1, 1, 4, 4});
  EXPECT_EQ(MaxPool2d({.kernel_size = 2})(x).to_vector(), (std::vector<double>{6, 8, 14, 16}));
  EXPECT_EQ(AvgPool2d({.kernel_size = 2})(x).to_vector(), (std::vector<double>{3.5, 5.5, 11.5, 13.5}));
  EXPECT_EQ(max(MaxPool2d({.kernel_size = 2, .padding = 1})(full({1, 1, 2, 2}, -5))).item(), -5)
      << "padding never wins";
}

TEST(BatchNorm2d, FrozenKeepsTheRunningStatistics) {
  BatchNorm2d norm({.num_features = 2, .frozen = true});
  const Tensor x = noise({3, 2, 2, 2});
  expect_close(norm(x), x, 1e-4);
  EXPECT_EQ(norm.running_mean.to_vector(), (std::vector<double>{0, 0}));
  EXPECT_EQ(norm.num_batches_tracked.item(), 0);
}

TEST(BatchNorm2d, UsesBatchStatisticsInTrainingAndRunningOnesInEvaluation) {
  BatchNorm2d norm({.num_features = 2, .momentum = 1});
  const Tensor x = noise({8, 2, 4, 4}) * 3.0 + 5.0;
  expect_close(mean(norm(x), {0, 2, 3}), zeros({2}), 1e-5);
  norm.eval();
  expect_close(mean(norm(x), {0, 2, 3}), zeros({2}), 1e-5);
  EXPECT_GT(std::abs(mean(norm(x + 1.0)).item()), 0.1);
  expect_same_bits(norm.clone().running_var, norm.running_var);
  EXPECT_EQ(norm.state_dict().size(), 5U);
  EXPECT_EQ(norm.parameter_count(), 4);
}

TEST(ImageLayers, ErrorsNameTheCause) {
  Generator gen(1);
  EXPECT_EQ(error_of([&] { Conv2d({}, gen); }),
            "[Conv2d] expected in_channels, out_channels and kernel_size of at least 1, got 0, 0 and 1");
  EXPECT_EQ(error_of([&] { Conv2d({.in_channels = 1, .out_channels = 1, .stride = 0}, gen); }),
            "[Conv2d] expected stride and dilation of at least 1 and padding of at least 0, got 0, 1 and 0");
  EXPECT_EQ(error_of([&] { Conv2d({.in_channels = 4, .out_channels = 2, .groups = 4}, gen); }),
            "[Conv2d] expected groups to divide in_channels and out_channels, got groups = 4, in_channels = "
            "4 and out_channels = 2");
  EXPECT_EQ(error_of([&] { MaxPool2d({.kernel_size = 2, .padding = 2}); }),
            "[MaxPool2d] expected padding of at most half the kernel size, got 2");
  EXPECT_EQ(error_of([&] { AvgPool2d({.kernel_size = 0}); }),
            "[AvgPool2d] expected kernel_size of at least 1 and stride of at least 0, got 0 and 0");
  EXPECT_EQ(error_of([&] {
              MaxPool2d({})(ones({2, 2}));
            }),
            "[MaxPool2d] expected x (B, C, height, width), got (2, 2)");
  EXPECT_EQ(error_of([] { BatchNorm2d({}); }), "[BatchNorm2d] expected num_features of at least 1, got 0");
  EXPECT_EQ(error_of([] { BatchNorm2d({.num_features = 2, .momentum = 1.5}); }),
            "[BatchNorm2d] expected momentum in [0, 1], got 1.5");
  BatchNorm2d norm({.num_features = 2});
  EXPECT_EQ(error_of([&] {
              norm(ones({1, 3, 2, 2}));
            }),
            "[BatchNorm2d] expected x (B, 2, height, width), got (1, 3, 2, 2)");
  EXPECT_EQ(error_of([&] {
              norm(ones({1, 2, 1, 1}));
            }),
            "[BatchNorm2d] expected at least two values per channel to compute the variance, got 1 for x "
            "(1, 2, 1, 1)");
  EXPECT_EQ(error_of([] { GroupNorm({.num_groups = 2, .num_channels = 3}); }),
            "[GroupNorm] expected num_groups to divide num_channels, got 2 and 3");
  EXPECT_EQ(error_of([] { GroupNorm({.num_groups = 2, .num_channels = 0}); }),
            "[GroupNorm] expected num_groups and num_channels of at least 1, got 2 and 0");
  EXPECT_EQ(error_of([] {
              GroupNorm({.num_groups = 1, .num_channels = 3})(ones({2, 2}));
            }),
            "[GroupNorm] expected x (B, 3, …), got (2, 2)");
}

TEST(GroupNorm, AnEmptyBatchStaysEmpty) {
  GroupNorm norm({.num_groups = 2, .num_channels = 4});
  for (const Shape& shape : {Shape{0, 4, 3}, Shape{0, 4}, Shape{2, 4, 0}, Shape{0, 4, 2, 2}}) {
    const Tensor x = zeros(shape).set_requires_grad();
    const Tensor y = norm(x);
    EXPECT_EQ(y.shape(), shape);
    sum(y).backward();
    EXPECT_EQ(x.grad().shape(), shape);
    EXPECT_EQ(max(abs(norm.weight.grad())).item(), 0);
  }
}

TEST(Pooling, ErrorsShowTheImage) {
  const MaxPool2d largest({.kernel_size = 3, .stride = 2, .padding = 1});
  const AvgPool2d average({.kernel_size = 3, .stride = 2, .padding = 1});
  EXPECT_EQ(error_of([&] {
              largest(ones({1, 2, 0, 8}));
            }),
            "[MaxPool2d] expected an image of at least the kernel's size, 3 x 3, got 0 x 8 with padding 1");
  EXPECT_EQ(error_of([&] {
              average(ones({1, 2, 8, 0}));
            }),
            "[AvgPool2d] expected an image of at least the kernel's size, 3 x 3, got 8 x 0 with padding 1");
  EXPECT_EQ(largest(ones({0, 2, 8, 8})).shape(), (Shape{0, 2, 4, 4}));
  EXPECT_EQ(average(ones({0, 2, 8, 8})).shape(), (Shape{0, 2, 4, 4}));
  EXPECT_EQ(largest(ones({1, 1, 1, 1})).item(), 1);
}

TEST(BatchNorm2d, TrainingNeedsTwoValuesPerChannel) {
  BatchNorm2d norm({.num_features = 2});
  EXPECT_EQ(error_of([&] {
              norm(ones({0, 2, 3, 3}));
            }),
            "[BatchNorm2d] expected at least two values per channel to compute the variance, got 0 for x "
            "(0, 2, 3, 3)");
  norm.eval();
  EXPECT_EQ(norm(ones({0, 2, 3, 3})).shape(), (Shape{0, 2, 3, 3}));
}

}  // namespace
}  // namespace heed::nn
