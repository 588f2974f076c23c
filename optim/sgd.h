// sgd.h — stochastic gradient descent.
#pragma once

#include "optim/optimizer.h"

namespace heed::optim {

struct SGDOptions {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;     // what is held back of each gradient that enters the velocity
  double weight_decay = 0;  // adds weight_decay * w to the gradient
  bool nesterov = false;    // needs momentum and no dampening
};

//   g = gradient + weight_decay * w
//   v = momentum * v + (1 - dampening) * g        (v = g at a parameter's first step)
//   w = w - lr * v                                (Nesterov: w - lr * (g + momentum * v))
// Sutskever et al., "On the importance of initialization and momentum in deep
// learning", 2013, in PyTorch's form.
class SGD final : public Optimizer {
 public:
  SGD(const std::vector<ParameterGroup>& groups, SGDOptions options);
  SGD(std::vector<Tensor> parameters, SGDOptions options = {})
      : SGD(std::vector<ParameterGroup>{{std::move(parameters)}}, options) {}
  const std::vector<Tensor>& velocity() const {
    return velocity_;
  }  // undefined before a parameter's first step

 private:
  void update(std::size_t i, Tensor& w, const Tensor& gradient) override;
  std::vector<Slot> slots() override;
  SGDOptions options_;
  std::vector<Tensor> velocity_;
};

}  // namespace heed::optim
