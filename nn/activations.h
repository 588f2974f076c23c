// activations.h — the nonlinearities as modules, for Sequential. They have nothing to name.
#pragma once

#include "autograd/ops.h"
#include "nn/linear.h"
#include "nn/module.h"

namespace heed::nn {

struct ReLU : ModuleOf<ReLU> {
  Tensor forward(const Tensor& x) const { return relu(x); }
  void visit(Visitor&) override {}
  std::string type() const override { return "ReLU"; }
};

struct GELUOptions {
  Gelu form = Gelu::erf;  // exact, or the tanh approximation of GPT-2
};
struct GELU : ModuleOf<GELU> {
  GELUOptions options;
  explicit GELU(GELUOptions o = {}) : options(o) {}
  Tensor forward(const Tensor& x) const { return gelu(x, options.form); }
  void visit(Visitor&) override {}
  std::string type() const override { return "GELU"; }
  std::string details() const override { return options.form == Gelu::tanh ? "form=tanh" : ""; }
};

struct SiLU : ModuleOf<SiLU> {
  Tensor forward(const Tensor& x) const { return silu(x); }
  void visit(Visitor&) override {}
  std::string type() const override { return "SiLU"; }
};

struct Tanh : ModuleOf<Tanh> {
  Tensor forward(const Tensor& x) const { return tanh(x); }
  void visit(Visitor&) override {}
  std::string type() const override { return "Tanh"; }
};

struct Sigmoid : ModuleOf<Sigmoid> {
  Tensor forward(const Tensor& x) const { return sigmoid(x); }
  void visit(Visitor&) override {}
  std::string type() const override { return "Sigmoid"; }
};

// By option, where a model lets the caller choose.
enum class Activation { relu, gelu };
inline Tensor activate(Activation activation, const Tensor& x) {
  return activation == Activation::relu ? relu(x) : gelu(x);
}
// The same of what a layer makes of x: relu in the layer's own pass.
inline Tensor activate(Activation activation, const Linear& layer, const Tensor& x) {
  return activation == Activation::relu ? linear_relu(x, layer.weight, layer.bias) : gelu(layer(x));
}
inline const char* name(Activation activation) { return activation == Activation::relu ? "relu" : "gelu"; }

}  // namespace heed::nn
