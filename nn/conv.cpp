#include "nn/conv.h"

#include <cmath>
#include <limits>

#include "nn/init.h"

namespace heed::nn {

static void check_images(const char* op, const Tensor& x, index_t channels) {
  check(x.defined() && x.rank() == 4 && (channels == 0 || x.size(1) == channels), op, "x must be (B, ",
        channels == 0 ? "C" : std::to_string(channels), ", height, width), got ",
        x.defined() ? to_string(x.shape()) : "an undefined tensor");
}

Conv2d::Conv2d(Conv2dOptions o, Generator& gen) : options(o) {
  check(o.in_channels >= 1 && o.out_channels >= 1 && o.kernel_size >= 1, "Conv2d",
        "in_channels, out_channels and kernel_size must be at least 1, got ", o.in_channels, ", ",
        o.out_channels, " and ", o.kernel_size);
  check(o.stride >= 1 && o.dilation >= 1 && o.padding >= 0, "Conv2d",
        "stride and dilation must be at least 1 and padding not negative, got ", o.stride, ", ", o.dilation,
        " and ", o.padding);
  check(o.groups >= 1 && o.in_channels % o.groups == 0 && o.out_channels % o.groups == 0, "Conv2d",
        "groups = ", o.groups, " must divide in_channels = ", o.in_channels,
        " and out_channels = ", o.out_channels);
  const index_t seen = o.in_channels / o.groups;  // channels that one filter sees
  weight = parameter({o.out_channels, seen, o.kernel_size, o.kernel_size});
  init::kaiming_uniform(weight, gen, std::sqrt(5));
  if (!o.bias) return;
  bias = parameter({o.out_channels});
  const double bound = 1 / std::sqrt(static_cast<double>(seen * o.kernel_size * o.kernel_size));
  init::uniform(bias, gen, -bound, bound);
}

std::string Conv2d::details() const {
  return concat("in_channels=", options.in_channels, ", out_channels=", options.out_channels,
                ", kernel_size=", options.kernel_size, ", stride=", options.stride,
                ", padding=", options.padding, ", dilation=", options.dilation, ", groups=", options.groups);
}

// ---- pooling: unfold makes each window a column, and a column is reduced ----------------------------------

template <class Options>
static Options checked(const char* op, Options o) {
  check(o.kernel_size >= 1 && o.stride >= 0, op,
        "kernel_size must be at least 1 and stride not negative, got ", o.kernel_size, " and ", o.stride);
  check(o.padding >= 0 && 2 * o.padding <= o.kernel_size, op,
        "padding must be at most half of the kernel, got ", o.padding);
  if (o.stride == 0) o.stride = o.kernel_size;
  return o;
}

// x (B, C, h, w), padded already -> windows (B, C, kernel², rows, columns).
template <class Options>
static Tensor windows(const Tensor& x, const Options& o) {
  const index_t rows = (x.size(2) - o.kernel_size) / o.stride + 1,
                columns = (x.size(3) - o.kernel_size) / o.stride + 1;
  return unfold(x, {o.kernel_size, o.kernel_size, o.stride})
      .reshape({x.size(0), x.size(1), o.kernel_size * o.kernel_size, rows, columns});
}

// Both sides hold at least one window.
template <class Options>
static void check_window(const char* op, const Tensor& x, const Options& o) {
  check_images(op, x, 0);
  check(x.size(2) + 2 * o.padding >= o.kernel_size && x.size(3) + 2 * o.padding >= o.kernel_size &&
            x.size(2) >= 1 && x.size(3) >= 1,
        op, "the kernel ", o.kernel_size, " x ", o.kernel_size, " is larger than the image ", x.size(2),
        " x ", x.size(3), " with padding ", o.padding);
}

static Tensor padded(const Tensor& x, index_t p, double value) {
  return p == 0 ? x : pad(x, {p, p, p, p}, value);
}

MaxPool2d::MaxPool2d(PoolOptions o) : options(checked("MaxPool2d", o)) {}
Tensor MaxPool2d::forward(const Tensor& x) const {
  check_window("MaxPool2d", x, options);
  return max(windows(padded(x, options.padding, -std::numeric_limits<double>::infinity()), options), 2)
      .values;
}

AvgPool2d::AvgPool2d(AvgPoolOptions o) : options(checked("AvgPool2d", o)) {}
Tensor AvgPool2d::forward(const Tensor& x) const {
  check_window("AvgPool2d", x, options);
  const Tensor all = windows(padded(x, options.padding, 0), options);
  if (options.count_include_pad || options.padding == 0) return mean(all, 2);
  const Tensor real = ones({1, 1, x.size(2), x.size(3)}, x.dtype());
  return sum(all, 2) / sum(windows(padded(real, options.padding, 0), options), 2);
}

// ---- normalisation of channels ----------------------------------------------------------------------------

BatchNorm2d::BatchNorm2d(BatchNorm2dOptions o) : options(o) {
  check(o.num_features >= 1, "BatchNorm2d", "num_features must be at least 1, got ", o.num_features);
  check(o.momentum >= 0 && o.momentum <= 1, "BatchNorm2d", "momentum must be in [0, 1], got ", o.momentum);
  if (o.affine) init::ones(weight = parameter({o.num_features})), bias = parameter({o.num_features});
  running_mean = zeros({o.num_features}), running_var = ones({o.num_features});
  num_batches_tracked = scalar(0);
}

Tensor BatchNorm2d::forward(const Tensor& x) {
  check_images("BatchNorm2d", x, options.num_features);
  const auto per_channel = [](const Tensor& t) { return t.reshape({1, -1, 1, 1}); };
  Tensor m = per_channel(running_mean), v = per_channel(running_var);
  if (training() && !options.frozen) {
    const index_t n = x.numel() / options.num_features;
    check(n > 1, "BatchNorm2d", "a batch of ", x.shape(), " has ", n == 1 ? "one number" : "no number",
          " a channel; a variance needs two");
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
        "num_groups and num_channels must be at least 1, got ", o.num_groups, " and ", o.num_channels);
  check(o.num_channels % o.num_groups == 0, "GroupNorm", "num_groups = ", o.num_groups,
        " must divide num_channels = ", o.num_channels);
  if (o.affine) init::ones(weight = parameter({o.num_channels})), bias = parameter({o.num_channels});
}

Tensor GroupNorm::forward(const Tensor& x) const {
  check(x.defined() && x.rank() >= 2 && x.size(1) == options.num_channels, "GroupNorm", "x must be (B, ",
        options.num_channels, ", …), got ", x.defined() ? to_string(x.shape()) : "an undefined tensor");
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
