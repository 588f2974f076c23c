// resnet.h — lesson 10: ResNet, a deep convolutional network with residual connections.
//
//   ResNet backbone(resnet50(), gen);
//   Tensor features = backbone(images);     // (B, 3, h, w) -> (B, 2048, h/32, w/32), the input of DETR
//
// He, Zhang, Ren, Sun, "Deep residual learning for image recognition", 2015. Names are
// torchvision's.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "nn/conv.h"

namespace heed::nn {

struct FrozenBatchNorm2dOptions {
  index_t num_features = 0;
  double eps = 1e-5;
};

// y = (x - running_mean) / √(running_var + eps) · weight + bias, per channel: a batch norm with
// fixed statistics. The batches of a detector are too small for batch statistics. All four tensors
// are buffers: saved, but not trained.
struct FrozenBatchNorm2d : ModuleOf<FrozenBatchNorm2d> {
  FrozenBatchNorm2dOptions options;
  Tensor weight, bias, running_mean, running_var;  // (C)

  explicit FrozenBatchNorm2d(FrozenBatchNorm2dOptions options);
  Tensor forward(const Tensor& x) const;  // (B, C, h, w) -> the same shape
  void visit(Visitor& v) override;
  std::string type() const override { return "FrozenBatchNorm2d"; }
  std::string details() const override { return concat("num_features=", options.num_features); }
};

struct BottleneckOptions {
  index_t in_channels = 0, width = 0, out_channels = 0;
  index_t stride = 1;  // of the 3x3 convolution and of the shortcut
};

// h = relu(bn1(conv1(x)))          1x1: reduces the channels
// h = relu(bn2(conv2(h)))          3x3: the only one that combines neighbouring pixels
// y = relu(bn3(conv3(h)) + x)      1x1: restores the channels, added to x
// If the size or the number of channels changes, a 1x1 convolution (`downsample`) is applied to x
// in the sum.
struct Bottleneck : ModuleOf<Bottleneck> {
  BottleneckOptions options;
  Conv2d conv1;
  FrozenBatchNorm2d bn1;
  Conv2d conv2;
  FrozenBatchNorm2d bn2;
  Conv2d conv3;
  FrozenBatchNorm2d bn3;
  struct Downsample : ModuleOf<Downsample> {
    BottleneckOptions options;
    Conv2d conv;
    FrozenBatchNorm2d norm;

    Downsample(BottleneckOptions options, Generator& gen);
    Tensor forward(const Tensor& x) const { return norm(conv(x)); }
    void visit(Visitor& v) override {
      v.child("0", conv);
      v.child("1", norm);
    }
    std::string type() const override { return "Downsample"; }
  };
  std::optional<Downsample> downsample;

  Bottleneck(BottleneckOptions options, Generator& gen);
  Tensor forward(const Tensor& x) const;
  void visit(Visitor& v) override;
  std::string type() const override { return "Bottleneck"; }
};

struct ResNetOptions {
  index_t in_channels = 3;
  // Of the stem; layer k has 2^(k-1) times this width inside its blocks, 4 · 2^(k-1) times outside.
  index_t width = 64;
  std::array<index_t, 4> blocks = {3, 4, 6, 3};  // number of blocks of layers 1 … 4
  bool train_early = true;  // false: the parameters of the stem and of layer 1 do not require grad
};
inline ResNetOptions resnet50() { return {}; }

// Without the final pooling and classifier: DETR uses the feature map. Sizes are halved five times,
// rounded up.
struct ResNet : ModuleOf<ResNet> {
  ResNetOptions options;
  Conv2d conv1;  // 7x7, stride 2
  FrozenBatchNorm2d bn1;
  MaxPool2d maxpool;
  std::vector<Bottleneck> layer1, layer2, layer3, layer4;

  ResNet(ResNetOptions options, Generator& gen);
  // images (B, in, h, w) -> (B, 32 · width, h/32, w/32)
  Tensor forward(const Tensor& images) const;
  index_t out_channels() const { return 32 * options.width; }
  void visit(Visitor& v) override;
  std::string type() const override { return "ResNet"; }
};

}  // namespace heed::nn
