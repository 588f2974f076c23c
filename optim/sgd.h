// sgd.h — stochastic gradient descent with momentum.
#pragma once

#include "optim/optimizer.h"

namespace heed::optim {

struct SGDOptions {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;     // each gradient enters the velocity multiplied by 1 - dampening
  double weight_decay = 0;  // adds weight_decay * w to the gradient
  bool nesterov = false;    // requires momentum > 0 and no dampening
};

//   g = gradient + weight_decay * w
//   v = momentum * v + (1 - dampening) * g        (v = g at a parameter's first update)
//   w = w - lr * v                                (Nesterov: w - lr * (g + momentum * v))
// Sutskever et al., "On the importance of initialization and momentum in deep
// learning", 2013, in PyTorch's form.
class SGD final : public Optimizer {
 public:
  SGD(const std::vector<ParameterGroup>& groups, SGDOptions options);
  SGD(std::vector<Tensor> parameters, SGDOptions options = {})
      : SGD(std::vector<ParameterGroup>{{std::move(parameters)}}, options) {}
  // The velocity of each parameter, undefined before its first update.
  const std::vector<Tensor>& velocity() const { return velocity_; }

 private:
  void update(std::size_t i, Tensor& w, const Tensor& gradient) override;
  std::vector<Slot> slots() override;
  SGDOptions options_;
  std::vector<Tensor> velocity_;
};

}  // namespace heed::optim
