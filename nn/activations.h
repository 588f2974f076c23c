// activations.h — activation functions as modules, for Sequential. They have no parameters.
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
  Gelu form = Gelu::erf;  // the exact form, or the tanh approximation of GPT-2
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

// The activation of a block, selected by an option.
enum class Activation { relu, gelu, gelu_tanh };

// activation(x).
inline Tensor activate(Activation activation, const Tensor& x) {
  if (activation == Activation::relu) return relu(x);
  return gelu(x, activation == Activation::gelu ? Gelu::erf : Gelu::tanh);
}
// activation(layer(x)). ReLU is fused with the layer: one pass over the output fewer.
inline Tensor activate(Activation activation, const Linear& layer, const Tensor& x) {
  if (activation == Activation::relu) return linear_relu(x, layer.weight, layer.bias);
  return activate(activation, layer(x));
}
inline const char* name(Activation activation) {
  constexpr const char* names[] = {"relu", "gelu", "gelu_tanh"};
  return names[static_cast<int>(activation)];
}

}  // namespace heed::nn
