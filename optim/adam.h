// adam.h — Adam, and AdamW, which keeps weight decay out of the moments.
#pragma once

#include "optim/optimizer.h"

namespace heed::optim {

struct AdamOptions {
  double lr = 1e-3;
  double beta1 = 0.9, beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;
};

// Step t of both, for a gradient g:
//   m = beta1 * m + (1 - beta1) * g
//   v = beta2 * v + (1 - beta2) * g²
//   w = w - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
// The divisions by 1 - beta^t undo that m and v begin at 0; t counts the steps of each parameter.
class AdamBase : public Optimizer {
 public:
  // First and second moments, undefined before a parameter's first step.
  const std::vector<Tensor>& first_moments() const { return m_; }
  const std::vector<Tensor>& second_moments() const { return v_; }

 protected:
  AdamBase(const char* name, std::vector<Tensor> parameters, AdamOptions options, bool decoupled);

 private:
  void update(std::size_t i, Tensor& w, const Tensor& gradient) override;
  AdamOptions options_;
  bool decoupled_;
  std::vector<Tensor> m_, v_;
  std::vector<std::int64_t> t_;
};

// weight_decay * w is added to the gradient. Kingma, Ba, "Adam: a method for stochastic optimization", 2015.
class Adam final : public AdamBase {
 public:
  Adam(std::vector<Tensor> parameters, AdamOptions options = {})
      : AdamBase("Adam", std::move(parameters), options, false) {}
};

struct AdamWOptions {
  double lr = 1e-3;
  double beta1 = 0.9, beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 1e-2;
};

// w is first multiplied by 1 - lr * weight_decay. Loshchilov, Hutter, "Decoupled weight decay
// regularization", 2019.
class AdamW final : public AdamBase {
 public:
  AdamW(std::vector<Tensor> parameters, AdamWOptions o = {})
      : AdamBase("AdamW", std::move(parameters), {o.lr, o.beta1, o.beta2, o.eps, o.weight_decay}, true) {}
};

}  // namespace heed::optim
