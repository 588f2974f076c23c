// sequential.h — a chain of layers of any type.
//
//   Sequential mlp(Linear({.in = 4, .out = 8}, gen), ReLU(), Linear({.in = 8, .out = 2}, gen));
//   Tensor y = mlp(x);      // parameters: 0.weight, 0.bias, 2.weight, 2.bias
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "nn/module.h"

namespace heed::nn {

// A module with forward(Tensor) -> Tensor. Pass it as a temporary or with std::move.
template <class M>
concept Layer = std::derived_from<M, Module> && requires(M& m, const Tensor& x) {
  { m.forward(x) } -> std::same_as<Tensor>;
};

struct Sequential : ModuleOf<Sequential> {
  Sequential() = default;
  template <Layer... M>
  explicit Sequential(M&&... layers) {
    (add(std::move(layers)), ...);
  }
  template <Layer M>
  Sequential& add(M&& layer) {
    layers_.push_back(std::make_unique<Holder<M>>(std::move(layer)));  // NOLINT: M is not a reference
    return *this;
  }

  Tensor forward(const Tensor& x) {
    Tensor y = x;
    for (auto& layer : layers_) y = layer->forward(y);
    return y;
  }
  index_t size() const { return static_cast<index_t>(layers_.size()); }
  Module& operator[](index_t i);

  void visit(Visitor& v) override;
  std::string type() const override { return "Sequential"; }
  Sequential clone() const;

 private:
  // Type erasure: a layer of any type.
  struct AnyLayer {
    virtual ~AnyLayer() = default;
    virtual Tensor forward(const Tensor& x) = 0;
    virtual Module& module() = 0;
    virtual std::unique_ptr<AnyLayer> clone() const = 0;
  };
  template <class M>
  struct Holder final : AnyLayer {
    explicit Holder(M&& m) : layer(std::move(m)) {}
    Tensor forward(const Tensor& x) override { return layer.forward(x); }
    Module& module() override { return layer; }
    std::unique_ptr<AnyLayer> clone() const override { return std::make_unique<Holder>(layer.clone()); }
    M layer;
  };
  std::vector<std::unique_ptr<AnyLayer>> layers_;
};

}  // namespace heed::nn
