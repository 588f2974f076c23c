#include "optim/adam.h"

#include <cmath>
#include <limits>

#include "autograd/kernels/kernels.h"
#include "autograd/kernels/thread_pool.h"

namespace heed::optim {

AdamBase::AdamBase(const char* name, const std::vector<ParameterGroup>& groups, AdamOptions options,
                   bool decoupled)
    : Optimizer(name, groups, options.lr, options.weight_decay),
      options_(options),
      decoupled_(decoupled),
      m_(this->parameters().size()),
      v_(m_.size()),
      max_v_(m_.size()) {
  check_range("beta1", options_.beta1, 0, 1);
  check_range("beta2", options_.beta2, 0, 1);
  check_range("eps", options_.eps, 0, std::numeric_limits<double>::infinity());
  for (const Tensor& p : this->parameters())
    check(p.is_contiguous(), name, "a parameter ", p.shape(),
          " is not contiguous. Hint: call contiguous() before set_requires_grad()");
}

std::vector<Optimizer::Slot> AdamBase::slots() {
  std::vector<Slot> all = {{"exp_avg", &m_}, {"exp_avg_sq", &v_}};
  if (options_.amsgrad) all.push_back({"max_exp_avg_sq", &max_v_});
  return all;
}

void AdamBase::update(std::size_t i, Tensor& w, const Tensor& gradient) {
  if (!m_[i].defined()) {
    m_[i] = zeros(w.shape(), w.dtype());
    v_[i] = zeros(w.shape(), w.dtype());
  }
  const auto t = static_cast<double>(steps(i));
  const double correction1 = 1 - std::pow(options_.beta1, t), correction2 = 1 - std::pow(options_.beta2, t);
  if (options_.amsgrad) return update_amsgrad(i, w, gradient, correction1, correction2);
  const Tensor g = gradient.contiguous();
  dispatch(w.dtype(), [&]<class T>() {
    const typename kernels::Kernels<T>::AdamStep s{
        .beta1 = options_.beta1,
        .beta2 = options_.beta2,
        .eps = options_.eps,
        .l2 = decoupled_ ? 0 : weight_decay(i),
        .decoupled = decoupled_ ? lr(i) * weight_decay(i) : 0,
        .step = lr(i) / correction1,
        .inv_sqrt_correction2 = 1 / std::sqrt(correction2),
    };
    T *pw = w.mutable_data<T>(), *pm = m_[i].mutable_data<T>(), *pv = v_[i].mutable_data<T>();
    const T* pg = g.data<T>();
    kernels::parallel_for(w.numel(), 2 * kernels::cheap_ns, [&](index_t begin, index_t end) {
      kernels::kernels<T>().adam(s, pw + begin, pg + begin, pm + begin, pv + begin, end - begin);
    });
  });
}

// AMSGrad, written with tensors as in the formula. It is rarely used, so it has no kernel.
void AdamBase::update_amsgrad(std::size_t i, Tensor& w, const Tensor& gradient, double correction1,
                              double correction2) {
  const Tensor g = decoupled_ || weight_decay(i) == 0 ? gradient : gradient + w * weight_decay(i);
  if (decoupled_) w.mul_(1 - lr(i) * weight_decay(i));
  m_[i] = m_[i] * options_.beta1 + g * (1 - options_.beta1);
  v_[i] = v_[i] * options_.beta2 + g * g * (1 - options_.beta2);
  max_v_[i] = max_v_[i].defined() ? maximum(max_v_[i], v_[i]) : v_[i].clone();
  w.add_(m_[i] / (sqrt(max_v_[i] / correction2) + options_.eps), -lr(i) / correction1);
}

}  // namespace heed::optim
