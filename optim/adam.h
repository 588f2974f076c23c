// adam.h — Adam and AdamW.
#pragma once

#include "optim/optimizer.h"

namespace heed::optim {

struct AdamOptions {
  double lr = 1e-3;
  double beta1 = 0.9, beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;
  bool amsgrad = false;  // divide by the maximum of v: Reddi et al., "On the convergence of Adam", 2018
};

// Step t of both optimizers, for a gradient g:
//   m = beta1 * m + (1 - beta1) * g
//   v = beta2 * v + (1 - beta2) * g²
//   w = w - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
// The divisions by 1 - beta^t correct the bias of m and v, which start at 0. t counts the updates
// of each parameter.
class AdamBase : public Optimizer {
 public:
  // The moments of each parameter, undefined before its first update.
  const std::vector<Tensor>& first_moments() const { return m_; }
  const std::vector<Tensor>& second_moments() const { return v_; }

 protected:
  AdamBase(const char* name, const std::vector<ParameterGroup>& groups, AdamOptions options, bool decoupled);

 private:
  void update(std::size_t i, Tensor& w, const Tensor& gradient) override;
  std::vector<Slot> slots() override;
  AdamOptions options_;
  bool decoupled_;
  void update_amsgrad(std::size_t i, Tensor& w, const Tensor& gradient, double correction1,
                      double correction2);
  std::vector<Tensor> m_, v_, max_v_;
};

// Adds weight_decay * w to the gradient. Kingma, Ba, "Adam: a method for stochastic optimization",
// 2015.
class Adam final : public AdamBase {
 public:
  Adam(const std::vector<ParameterGroup>& groups, AdamOptions options)
      : AdamBase("Adam", groups, options, false) {}
  Adam(std::vector<Tensor> parameters, AdamOptions options = {})
      : Adam(std::vector<ParameterGroup>{{std::move(parameters)}}, options) {}
};

struct AdamWOptions {
  double lr = 1e-3;
  double beta1 = 0.9, beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 1e-2;
  bool amsgrad = false;
};

// Multiplies w by 1 - lr * weight_decay before the step, so that weight decay does not enter the
// moments. Loshchilov, Hutter, "Decoupled weight decay regularization", 2019.
class AdamW final : public AdamBase {
 public:
  AdamW(const std::vector<ParameterGroup>& groups, AdamWOptions options)
      : AdamBase(
            "AdamW", groups,
            {options.lr, options.beta1, options.beta2, options.eps, options.weight_decay, options.amsgrad},
            true) {}
  AdamW(std::vector<Tensor> parameters, AdamWOptions options = {})
      : AdamW(std::vector<ParameterGroup>{{std::move(parameters)}}, options) {}
};

}  // namespace heed::optim
