// norm.h — LayerNorm and RMSNorm: normalise each row, then apply a learned scale.
#pragma once

#include "autograd/ops.h"
#include "nn/init.h"
#include "nn/module.h"

namespace heed::nn {

struct LayerNormOptions {
  index_t size = 0;  // C, the channels of a row
  double eps = 1e-5;
  bool affine = true;  // with a learned scale and shift
};

// x (..., C) -> (..., C). Ba, Kiros, Hinton, "Layer normalization", 2016. Draws no random numbers.
struct LayerNorm : ModuleOf<LayerNorm> {
  LayerNormOptions options;
  Tensor weight, bias;  // (C), initialised to gamma = 1 and beta = 0; undefined if not affine

  explicit LayerNorm(LayerNormOptions o) : options(o) {
    check(o.size >= 1, "LayerNorm", "expected a size of at least 1, got ", o.size);
    if (!o.affine) return;
    weight = parameter({o.size});
    bias = parameter({o.size});
    init::ones(weight);
  }
  Tensor forward(const Tensor& x) const {
    check(x.defined() && x.rank() >= 1 && x.size(-1) == options.size, "LayerNorm", "expected x (..., ",
          options.size, "), got ", x);
    return layer_norm(x, weight, bias, options.eps);
  }
  void visit(Visitor& v) override {
    v.parameter("weight", weight);
    v.parameter("bias", bias);
  }
  std::string type() const override { return "LayerNorm"; }
  std::string details() const override {
    return concat("size=", options.size, ", eps=", options.eps, options.affine ? "" : ", affine=false");
  }
};

struct RMSNormOptions {
  index_t size = 0;  // C
  double eps = 1e-6;
};

// x (..., C) -> (..., C): LayerNorm without the mean and the shift. Zhang, Sennrich, "Root mean
// square layer normalization", 2019.
struct RMSNorm : ModuleOf<RMSNorm> {
  RMSNormOptions options;
  Tensor weight;  // (C)

  explicit RMSNorm(RMSNormOptions o) : options(o) {
    check(o.size >= 1, "RMSNorm", "expected a size of at least 1, got ", o.size);
    weight = parameter({o.size});
    init::ones(weight);
  }
  Tensor forward(const Tensor& x) const { return rms_norm(x, weight, options.eps); }
  void visit(Visitor& v) override { v.parameter("weight", weight); }
  std::string type() const override { return "RMSNorm"; }
  std::string details() const override { return concat("size=", options.size, ", eps=", options.eps); }
};

}  // namespace heed::nn
