// rmsprop.h — RMSprop, which divides gradients by the root of their recent mean square.
#pragma once

#include "optim/optimizer.h"

namespace heed::optim {

struct RMSpropOptions {
  double lr = 1e-2;
  double alpha = 0.99;  // the decay of the mean square
  double eps = 1e-8;
  double weight_decay = 0;
  double momentum = 0;
  bool centered = false;  // divide by the standard deviation instead: subtract the mean gradient
};

//   s = alpha * s + (1 - alpha) * g²            (centered: a = alpha * a + (1 - alpha) * g, and s -
//   a² instead of s) b = momentum * b + g / (sqrt(s) + eps);   w = w - lr * b
// Hinton, "Neural networks for machine learning", lecture 6e, 2012, in PyTorch's form.
class RMSprop final : public Optimizer {
 public:
  RMSprop(const std::vector<ParameterGroup>& groups, RMSpropOptions options);
  RMSprop(std::vector<Tensor> parameters, RMSpropOptions options = {})
      : RMSprop(std::vector<ParameterGroup>{{std::move(parameters)}}, options) {}

 private:
  void update(std::size_t i, Tensor& w, const Tensor& gradient) override;
  std::vector<Slot> slots() override;
  RMSpropOptions options_;
  std::vector<Tensor> square_, mean_, buffer_;
};

}  // namespace heed::optim
