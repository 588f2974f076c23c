// norm.h — LayerNorm and RMSNorm: each row brought to a common scale, then to a learned one.
#pragma once

#include "autograd/ops.h"
#include "nn/init.h"
#include "nn/module.h"

namespace heed::nn {

struct LayerNormOptions {
  index_t size = 0;  // C, the channels of a row
  double eps = 1e-5;
  bool affine = true;  // whether there is a learned scale and shift
};

// x (..., C) -> (..., C). Ba, Kiros, Hinton, "Layer normalization", 2016. Draws no random numbers.
struct LayerNorm : ModuleOf<LayerNorm> {
  LayerNormOptions options;
  Tensor weight, bias;  // (C): gamma = 1 and beta = 0 at the start; undefined where not affine

  explicit LayerNorm(LayerNormOptions o) : options(o) {
    check(o.size >= 1, "LayerNorm", "size must be at least 1, got ", o.size);
    if (!o.affine) return;
    weight = parameter({o.size}), bias = parameter({o.size});
    init::ones(weight);
  }
  Tensor forward(const Tensor& x) const {
    check(x.defined() && x.rank() >= 1 && x.size(-1) == options.size, "LayerNorm", "x must be (..., ",
          options.size, "), got ", x.defined() ? to_string(x.shape()) : "an undefined tensor");
    return layer_norm(x, weight, bias, options.eps);
  }
  void visit(Visitor& v) override { v.parameter("weight", weight), v.parameter("bias", bias); }
  std::string type() const override { return "LayerNorm"; }
  std::string details() const override {
    return concat("size=", options.size, ", eps=", options.eps, options.affine ? "" : ", affine=false");
  }
};

struct RMSNormOptions {
  index_t size = 0;
  double eps = 1e-6;
};

// LayerNorm without the mean and without the shift. Zhang, Sennrich, "Root mean square layer
// normalization", 2019.
struct RMSNorm : ModuleOf<RMSNorm> {
  RMSNormOptions options;
  Tensor weight;  // (C)

  explicit RMSNorm(RMSNormOptions o) : options(o) {
    check(o.size >= 1, "RMSNorm", "size must be at least 1, got ", o.size);
    weight = parameter({o.size});
    init::ones(weight);
  }
  Tensor forward(const Tensor& x) const { return rms_norm(x, weight, options.eps); }
  void visit(Visitor& v) override { v.parameter("weight", weight); }
  std::string type() const override { return "RMSNorm"; }
  std::string details() const override { return concat("size=", options.size, ", eps=", options.eps); }
};

}  // namespace heed::nn
