#include "nn/models/resnet.h"

#include "nn/init.h"
#include "tests/testing.h"

namespace heed::nn {
namespace {

ResNetOptions small() { return {.width = 2, .blocks = {1, 2, 1, 1}}; }

TEST(FrozenBatchNorm2d, IsTheFormulaAndTrainsNothing) {
  FrozenBatchNorm2d norm({.num_features = 2, .eps = 0.5});
  norm.load_state_dict({{"weight", tensor({2, 3})},
                        {"bias", tensor({1, -1})},
                        {"running_mean", tensor({4, 0})},
                        {"running_var", tensor({3.5, 15.5})}});
  const Tensor x = noise({3, 2, 2, 2});
  const Tensor y = norm(x);
  expect_close(y.select(1, 0), (x.select(1, 0) - 4.0) * (2 / 2.0) + 1.0, 1e-5);
  expect_close(y.select(1, 1), x.select(1, 1) * (3 / 4.0) - 1.0, 1e-5);
  EXPECT_EQ(norm.parameter_count(), 0);
  EXPECT_EQ(norm.named_buffers().size(), 4U);
  norm.train();
  expect_same_bits(norm(x), y);
  expect_same_bits(norm.clone()(x), y);
}

TEST(FrozenBatchNorm2d, OtherChannelsAreRejected) {
  const FrozenBatchNorm2d norm({.num_features = 2});
  EXPECT_EQ(error_of([&] {
              norm(zeros({1, 3, 2, 2}));
            }),
            "[FrozenBatchNorm2d] expected x (B, 2, height, width), got (1, 3, 2, 2)");
  EXPECT_EQ(error_of([] { FrozenBatchNorm2d norm({}); }),
            "[FrozenBatchNorm2d] expected num_features of at least 1, got 0");
}

TEST(Bottleneck, AddsItsInput) {
  Generator gen(1);
  Bottleneck block({.in_channels = 8, .width = 2, .out_channels = 8}, gen);
  EXPECT_FALSE(block.downsample) << "nothing is to be fitted";
  {
    const NoGrad no_grad;
    block.conv3.weight.zero_();
  }
  const Tensor x = noise({2, 8, 3, 4});
  expect_same_bits(block(x), relu(x));
}

TEST(Bottleneck, DownsamplesItsInputIfTheShapeChanges) {
  Generator gen(1);
  const Bottleneck halving({.in_channels = 3, .width = 2, .out_channels = 8, .stride = 2}, gen);
  ASSERT_TRUE(halving.downsample);
  EXPECT_EQ(halving(noise({2, 3, 5, 6})).shape(), (Shape{2, 8, 3, 3}));
  EXPECT_EQ(
      error_of([&] { Bottleneck({.in_channels = 3}, gen); }),
      "[Bottleneck] expected in_channels, width, out_channels and stride of at least 1, got 3, 0, 0 and 1");
}

TEST(ResNet, HalvesTheSizeFiveTimesRoundedUp) {
  Generator gen(2);
  const ResNet net(small(), gen);
  EXPECT_EQ(net.out_channels(), 64);
  EXPECT_EQ(net(noise({2, 3, 64, 96})).shape(), (Shape{2, 64, 2, 3}));
  EXPECT_EQ(net(noise({1, 3, 65, 33})).shape(), (Shape{1, 64, 3, 2}));
}

// torchvision's resnet50 has 25,557,032 parameters: 2,049,000 in the classifier, 53,120 in the
// norms, and these.
TEST(ResNet, ResNet50HasTheConvolutionsOfResNet50) {
  Generator gen(0);
  const NoInit no_init;
  const ResNet net(resnet50(), gen);
  EXPECT_EQ(net.parameter_count(), 25'557'032 - 2'049'000 - 53'120);
  EXPECT_EQ(net.named_parameters().size(), 53U);
  index_t of_norms = 0;
  for (const auto& [name, buffer] : net.named_buffers()) of_norms += buffer.numel();
  EXPECT_EQ(of_norms, 2 * 53'120);
  const NamedTensors state = net.state_dict();
  EXPECT_EQ(state.front().first, "conv1.weight");
  EXPECT_EQ(state.back().first, "layer4.2.bn3.running_var");
}

TEST(ResNet, TheEarlyLayersCanBeFrozen) {
  Generator gen(2);
  ResNetOptions options = small();
  options.train_early = false;
  ResNet net(options, gen);
  sum(net(noise({1, 3, 32, 32}))).backward();
  for (const auto& [name, p] : net.named_parameters()) {
    const bool early = name.starts_with("conv1") || name.starts_with("layer1");
    EXPECT_EQ(p.requires_grad(), !early) << name;
    EXPECT_EQ(p.grad().defined(), !early) << name;
  }
  EXPECT_FALSE(net.clone().conv1.weight.requires_grad());
}

TEST(ResNet, EveryParameterIsNamedAndCloned) {
  Generator gen(2);
  ResNet net(small(), gen);
  const Tensor x = noise({1, 3, 33, 40});
  net.check_all_named(net(x));
  expect_same_bits(net.clone()(x), net(x));
}

TEST(ResNet, InvalidOptionsAreRejected) {
  Generator gen(0);
  EXPECT_EQ(error_of([&] { ResNet({.width = 0}, gen); }),
            "[ResNet] expected in_channels and width of at least 1, got 3 and 0");
  EXPECT_EQ(error_of([&] {
              ResNet({.width = 1, .blocks = {1, 0, 1, 1}}, gen);
            }),
            "[ResNet] expected at least one block per layer, got 0");
}

}  // namespace
}  // namespace heed::nn
