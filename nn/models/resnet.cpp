#include "nn/models/resnet.h"

#include <cmath>

#include "nn/init.h"

namespace heed::nn {

// ---- frozen batch norm ------------------------------------------------------------------------------------

FrozenBatchNorm2d::FrozenBatchNorm2d(FrozenBatchNorm2dOptions o) : options(o) {
  check(o.num_features >= 1, "FrozenBatchNorm2d", "expected num_features of at least 1, got ",
        o.num_features);
  weight = ones({o.num_features});
  bias = zeros({o.num_features});
  running_mean = zeros({o.num_features});
  running_var = ones({o.num_features});
}

Tensor FrozenBatchNorm2d::forward(const Tensor& x) const {
  check(x.defined() && x.rank() == 4 && x.size(1) == options.num_features, "FrozenBatchNorm2d",
        "expected x (B, ", options.num_features, ", height, width), got ", x);
  const Tensor scale =
      weight * rsqrt(running_var + options.eps);  // (C): the four tensors reduce to a scale and a shift
  const Tensor shift = bias - running_mean * scale;
  return x * scale.reshape({1, -1, 1, 1}) + shift.reshape({1, -1, 1, 1});
}

void FrozenBatchNorm2d::visit(Visitor& v) {
  v.buffer("weight", weight);
  v.buffer("bias", bias);
  v.buffer("running_mean", running_mean);
  v.buffer("running_var", running_var);
}

// ---- block ------------------------------------------------------------------------------------------------

// Without a bias, because the norm after it has one. The initialisation preserves the variance
// through ReLUs, as in the paper.
static Conv2d convolution(index_t in, index_t out, index_t kernel, index_t stride, Generator& gen) {
  Conv2d conv({.in_channels = in,
               .out_channels = out,
               .kernel_size = kernel,
               .stride = stride,
               .padding = kernel / 2,
               .bias = false},
              gen);
  init::normal(conv.weight, gen, 0, std::sqrt(2 / static_cast<double>(out * kernel * kernel)));
  return conv;
}

static BottleneckOptions validated(const BottleneckOptions& o) {
  check(o.in_channels >= 1 && o.width >= 1 && o.out_channels >= 1 && o.stride >= 1, "Bottleneck",
        "expected in_channels, width, out_channels and stride of at least 1, got ", o.in_channels, ", ",
        o.width, ", ", o.out_channels, " and ", o.stride);
  return o;
}

Bottleneck::Downsample::Downsample(BottleneckOptions o, Generator& gen)
    : options(validated(o)),
      conv(convolution(o.in_channels, o.out_channels, 1, o.stride, gen)),
      norm({.num_features = o.out_channels}) {}

Bottleneck::Bottleneck(BottleneckOptions o, Generator& gen)
    : options(validated(o)),
      conv1(convolution(o.in_channels, o.width, 1, 1, gen)),
      bn1({.num_features = o.width}),
      conv2(convolution(o.width, o.width, 3, o.stride, gen)),
      bn2({.num_features = o.width}),
      conv3(convolution(o.width, o.out_channels, 1, 1, gen)),
      bn3({.num_features = o.out_channels}) {
  if (o.stride != 1 || o.in_channels != o.out_channels) downsample.emplace(o, gen);
}

Tensor Bottleneck::forward(const Tensor& x) const {
  Tensor h = relu(bn1(conv1(x)));
  h = relu(bn2(conv2(h)));
  return relu(bn3(conv3(h)) + (downsample ? (*downsample)(x) : x));
}

void Bottleneck::visit(Visitor& v) {
  v.child("conv1", conv1);
  v.child("bn1", bn1);
  v.child("conv2", conv2);
  v.child("bn2", bn2);
  v.child("conv3", conv3);
  v.child("bn3", bn3);
  v.child("downsample", downsample);
}

// ---- network ----------------------------------------------------------------------------------------------

static ResNetOptions validated(const ResNetOptions& o) {
  check(o.in_channels >= 1 && o.width >= 1, "ResNet", "expected in_channels and width of at least 1, got ",
        o.in_channels, " and ", o.width);
  for (const index_t n : o.blocks) check(n >= 1, "ResNet", "expected at least one block per layer, got ", n);
  return o;
}

ResNet::ResNet(ResNetOptions o, Generator& gen)
    : options(validated(o)),
      conv1(convolution(o.in_channels, o.width, 7, 2, gen)),
      bn1({.num_features = o.width}),
      maxpool({.kernel_size = 3, .stride = 2, .padding = 1}) {
  index_t in = o.width;
  for (int k = 0; k < 4; ++k) {
    std::vector<Bottleneck>& layer =
        *std::array{&layer1, &layer2, &layer3, &layer4}[static_cast<std::size_t>(k)];
    const index_t width = o.width << k, out = 4 * width;
    for (index_t i = 0; i < o.blocks[static_cast<std::size_t>(k)]; ++i) {
      const index_t stride =
          k > 0 && i == 0 ? 2 : 1;  // before layer 1, the pooling has already halved the size
      layer.emplace_back(
          BottleneckOptions{.in_channels = in, .width = width, .out_channels = out, .stride = stride}, gen);
      in = out;
    }
  }
  if (o.train_early) return;
  conv1.weight.set_requires_grad(false);
  for (Bottleneck& block : layer1)
    for (Tensor& p : block.parameters()) p.set_requires_grad(false);
}

Tensor ResNet::forward(const Tensor& images) const {
  Tensor x = maxpool(relu(bn1(conv1(images))));
  for (const auto* layer : {&layer1, &layer2, &layer3, &layer4})
    for (const Bottleneck& block : *layer) x = block(x);
  return x;
}

void ResNet::visit(Visitor& v) {
  v.child("conv1", conv1);
  v.child("bn1", bn1);
  v.child("maxpool", maxpool);
  v.child("layer1", layer1);
  v.child("layer2", layer2);
  v.child("layer3", layer3);
  v.child("layer4", layer4);
}

}  // namespace heed::nn
