// conv.h — layers for images (B, C, height, width): convolution, pooling, batch and group
// normalisation.
#pragma once

#include "autograd/ops.h"
#include "nn/module.h"

namespace heed::nn {

struct Conv2dOptions {
  index_t in_channels = 0, out_channels = 0;
  index_t kernel_size = 1, stride = 1, padding = 0;
  index_t dilation = 1;  // distance between neighbouring kernel elements, in pixels
  index_t groups = 1;    // each group of filters uses a separate part of the channels
  bool bias = true;
};

// x (B, in, h, w) -> (B, out, h', w'), h' = (h + 2 padding - dilation (kernel - 1) - 1) / stride +
// 1. Initialised as in PyTorch.
struct Conv2d : ModuleOf<Conv2d> {
  Conv2dOptions options;
  Tensor weight;  // (out, in / groups, kernel, kernel)
  Tensor bias;    // (out), or undefined

  Conv2d(Conv2dOptions options, Generator& gen);
  Tensor forward(const Tensor& x) const {
    return conv2d(x, weight, bias, options.stride, options.padding, options.dilation, options.groups);
  }
  void visit(Visitor& v) override {
    v.parameter("weight", weight);
    v.parameter("bias", bias);
  }
  std::string type() const override { return "Conv2d"; }
  std::string details() const override;
};

struct PoolOptions {
  index_t kernel_size = 2;
  index_t stride = 0;  // 0: kernel_size, so that windows do not overlap
  index_t padding = 0;
};

// The maximum of each window; padding counts as -infinity.
struct MaxPool2d : ModuleOf<MaxPool2d> {
  PoolOptions options;
  explicit MaxPool2d(PoolOptions options);
  Tensor forward(const Tensor& x) const;
  void visit(Visitor&) override {}
  std::string type() const override { return "MaxPool2d"; }
};

struct AvgPoolOptions {
  index_t kernel_size = 2;
  index_t stride = 0;  // 0: kernel_size
  index_t padding = 0;
  bool count_include_pad =
      true;  // true: padding counts as zeros; false: only pixels of the image are averaged
};

// The mean of each window.
struct AvgPool2d : ModuleOf<AvgPool2d> {
  AvgPoolOptions options;
  explicit AvgPool2d(AvgPoolOptions options);
  Tensor forward(const Tensor& x) const;
  void visit(Visitor&) override {}
  std::string type() const override { return "AvgPool2d"; }
};

struct BatchNorm2dOptions {
  index_t num_features = 0;
  double eps = 1e-5;
  double momentum = 0.1;  // the weight of a new batch in the running statistics
  bool affine = true;     // learned scale and shift
  bool frozen = false;    // always normalise by the running statistics and do not update them
};

// Normalises each channel over the batch in training mode, and by the running statistics in
// evaluation mode, then scales and shifts it. Throws if a training batch has fewer than two values
// per channel. Ioffe, Szegedy, "Batch normalization", 2015.
struct BatchNorm2d : ModuleOf<BatchNorm2d> {
  BatchNorm2dOptions options;
  Tensor weight, bias;               // (C), or undefined
  Tensor running_mean, running_var;  // (C), buffers; the variance is the unbiased one
  Tensor num_batches_tracked;        // (), a counter

  explicit BatchNorm2d(BatchNorm2dOptions options);
  Tensor forward(const Tensor& x);
  void visit(Visitor& v) override;
  std::string type() const override { return "BatchNorm2d"; }
  std::string details() const override { return concat("num_features=", options.num_features); }
};

struct GroupNormOptions {
  index_t num_groups = 1, num_channels = 0;
  double eps = 1e-5;
  bool affine = true;  // learned scale and shift
};

// Normalises over all pixels of each group of channels. x (B, C, …) -> the same shape. Wu, He,
// "Group normalization", 2018.
struct GroupNorm : ModuleOf<GroupNorm> {
  GroupNormOptions options;
  Tensor weight, bias;  // (C), or undefined

  explicit GroupNorm(GroupNormOptions options);
  Tensor forward(const Tensor& x) const;
  void visit(Visitor& v) override {
    v.parameter("weight", weight);
    v.parameter("bias", bias);
  }
  std::string type() const override { return "GroupNorm"; }
  std::string details() const override {
    return concat("num_groups=", options.num_groups, ", num_channels=", options.num_channels);
  }
};

}  // namespace heed::nn
