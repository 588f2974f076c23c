// linear.h — the linear layer y = x · Wᵀ + b.
#pragma once

#include "autograd/ops.h"
#include "nn/module.h"

namespace heed::nn {

struct LinearOptions {
  index_t in = 0, out = 0;
  bool bias = true;
};

// x (..., in) -> (..., out). Initialised as in PyTorch: weight and bias from U(-1/√in, 1/√in).
struct Linear : ModuleOf<Linear> {
  LinearOptions options;
  Tensor weight;  // (out, in)
  Tensor bias;    // (out), or undefined

  Linear(LinearOptions options, Generator& gen);
  Tensor forward(const Tensor& x) const { return linear(x, weight, bias); }
  void visit(Visitor& v) override;
  std::string type() const override { return "Linear"; }
  std::string details() const override;
};

}  // namespace heed::nn
