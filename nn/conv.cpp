#include "nn/conv.h"

#include <cmath>
#include <limits>

#include "nn/init.h"

namespace heed::nn {

static void check_images(const char* op, const Tensor& x, index_t channels) {
  check(
      x.defined() && x.rank() == 4 && (channels == 0 || x.size(1) == channels), op, "expected x (B, ",
      [&] { return channels == 0 ? "C" : std::to_string(channels); }, ", height, width), got ", x);
}

Conv2d::Conv2d(Conv2dOptions o, Generator& gen) : options(o) {
  check(o.in_channels >= 1 && o.out_channels >= 1 && o.kernel_size >= 1, "Conv2d",
        "expected in_channels, out_channels and kernel_size of at least 1, got ", o.in_channels, ", ",
        o.out_channels, " and ", o.kernel_size);
  check(o.stride >= 1 && o.dilation >= 1 && o.padding >= 0, "Conv2d",
        "expected stride and dilation of at least 1 and padding of at least 0, got ", o.stride, ", ",
        o.dilation, " and ", o.padding);
  check(o.groups >= 1 && o.in_channels % o.groups == 0 && o.out_channels % o.groups == 0, "Conv2d",
        "expected groups to divide in_channels and out_channels, got groups = ", o.groups,
        ", in_channels = ", o.in_channels, " and out_channels = ", o.out_channels);
  const index_t filter_channels = o.in_channels / o.groups;
  weight = parameter({o.out_channels, filter_channels, o.kernel_size, o.kernel_size});
  init::kaiming_uniform(weight, gen, std::sqrt(5));
  if (!o.bias) return;
  bias = parameter({o.out_channels});
  const double bound = 1 / std::sqrt(static_cast<double>(filter_channels * o.kernel_size * o.kernel_size));
  init::uniform(bias, gen, -bound, bound);
}

std::string Conv2d::details() const {
  return concat("in_channels=", options.in_channels, ", out_channels=", options.out_channels,
                ", kernel_size=", options.kernel_size, ", stride=", options.stride,
                ", padding=", options.padding, ", dilation=", options.dilation, ", groups=", options.groups);
}

// ---- pooling: unfold turns each window into a column, and each column is reduced --------------------------

// Also replaces a stride of 0 by the kernel size.
template <class Options>
static Options validated(const char* op, Options o) {
  check(o.kernel_size >= 1 && o.stride >= 0, op,
        "expected kernel_size of at least 1 and stride of at least 0, got ", o.kernel_size, " and ",
        o.stride);
  check(o.padding >= 0 && 2 * o.padding <= o.kernel_size, op,
        "expected padding of at most half the kernel size, got ", o.padding);
  if (o.stride == 0) o.stride = o.kernel_size;
  return o;
}

// x (B, C, h, w), already padded -> windows (B, C, kernel², rows, columns).
template <class Options>
static Tensor windows(const Tensor& x, const Options& o) {
  const index_t rows = (x.size(2) - o.kernel_size) / o.stride + 1,
                columns = (x.size(3) - o.kernel_size) / o.stride + 1;
  return unfold(x, {o.kernel_size, o.kernel_size, o.stride})
      .reshape({x.size(0), x.size(1), o.kernel_size * o.kernel_size, rows, columns});
}

// Throws unless the padded image contains at least one window.
template <class Options>
static void check_window(const char* op, const Tensor& x, const Options& o) {
  check_images(op, x, 0);
  check(x.size(2) + 2 * o.padding >= o.kernel_size && x.size(3) + 2 * o.padding >= o.kernel_size &&
            x.size(2) >= 1 && x.size(3) >= 1,
        op, "expected an image of at least the kernel's size, ", o.kernel_size, " x ", o.kernel_size,
        ", got ", x.size(2), " x ", x.size(3), " with padding ", o.padding);
}

static Tensor padded(const Tensor& x, index_t p, double value) {
  return p == 0 ? x : pad(x, {p, p, p, p}, value);
}

MaxPool2d::MaxPool2d(PoolOptions o) : options(validated("MaxPool2d", o)) {}
Tensor MaxPool2d::forward(const Tensor& x) const {
  check_window("MaxPool2d", x, options);
  return max(windows(padded(x, options.padding, -std::numeric_limits<double>::infinity()), options), 2)
      .values;
}

AvgPool2d::AvgPool2d(AvgPoolOptions o) : options(validated("AvgPool2d", o)) {}
Tensor AvgPool2d::forward(const Tensor& x) const {
  check_window("AvgPool2d", x, options);
  const Tensor all = windows(padded(x, options.padding, 0), options);
  if (options.count_include_pad || options.padding == 0) return mean(all, 2);
  const Tensor inside = ones({1, 1, x.size(2), x.size(3)}, x.dtype());
  return sum(all, 2) / sum(windows(padded(inside, options.padding, 0), options), 2);
}

// ---- normalisation ----------------------------------------------------------------------------------------

BatchNorm2d::BatchNorm2d(BatchNorm2dOptions o) : options(o) {
  check(o.num_features >= 1, "BatchNorm2d", "expected num_features of at least 1, got ", o.num_features);
  check(o.momentum >= 0 && o.momentum <= 1, "BatchNorm2d", "expected momentum in [0, 1], got ", o.momentum);
  if (o.affine) {
    weight = parameter({o.num_features});
    bias = parameter({o.num_features});
    init::ones(weight);
  }
  running_mean = zeros({o.num_features});
  running_var = ones({o.num_features});
  num_batches_tracked = scalar(0);
}

Tensor BatchNorm2d::forward(const Tensor& x) {
  check_images("BatchNorm2d", x, options.num_features);
  const auto per_channel = [](const Tensor& t) { return t.reshape({1, -1, 1, 1}); };
  Tensor m = per_channel(running_mean), v = per_channel(running_var);
  if (training() && !options.frozen) {
    const index_t n = x.numel() / options.num_features;
    check(n > 1, "BatchNorm2d", "expected at least two values per channel to compute the variance, got ", n,
          " for x ", x);
    m = mean(x, {0, 2, 3}, true);
    v = var(x, {0, 2, 3}, 0, true);
    const NoGrad no_grad;
    const double unbiased = static_cast<double>(n) / static_cast<double>(n - 1);
    running_mean.mul_(1 - options.momentum).add_(m.reshape(running_mean.shape()), options.momentum);
    running_var.mul_(1 - options.momentum).add_(v.reshape(running_var.shape()), options.momentum * unbiased);
    num_batches_tracked.add_(ones({}, num_batches_tracked.dtype()));
  }
  const Tensor normalised = (x - m) * rsqrt(v + options.eps);
  return options.affine ? normalised * per_channel(weight) + per_channel(bias) : normalised;
}

void BatchNorm2d::visit(Visitor& v) {
  v.parameter("weight", weight);
  v.parameter("bias", bias);
  v.buffer("running_mean", running_mean);
  v.buffer("running_var", running_var);
  v.buffer("num_batches_tracked", num_batches_tracked);
}

GroupNorm::GroupNorm(GroupNormOptions o) : options(o) {
  check(o.num_groups >= 1 && o.num_channels >= 1, "GroupNorm",
        "expected num_groups and num_channels of at least 1, got ", o.num_groups, " and ", o.num_channels);
  check(o.num_channels % o.num_groups == 0, "GroupNorm", "expected num_groups to divide num_channels, got ",
        o.num_groups, " and ", o.num_channels);
  if (!o.affine) return;
  weight = parameter({o.num_channels});
  bias = parameter({o.num_channels});
  init::ones(weight);
}

Tensor GroupNorm::forward(const Tensor& x) const {
  check(x.defined() && x.rank() >= 2 && x.size(1) == options.num_channels, "GroupNorm", "expected x (B, ",
        options.num_channels, ", …), got ", x);
  Shape channels = Shape::filled(x.rank(), 1);
  channels[1] = options.num_channels;
  const index_t size = x.numel() == 0 ? 0 : x.numel() / (x.size(0) * options.num_groups);
  const Tensor normalised =
      x.numel() == 0 ? x
                     : layer_norm(x.reshape({x.size(0), options.num_groups, size}), {}, {}, options.eps)
                           .reshape(x.shape());
  return options.affine ? normalised * weight.reshape(channels) + bias.reshape(channels) : normalised;
}

}  // namespace heed::nn
