#include "optim/adam.h"

#include <cmath>
#include <limits>

#include "autograd/kernels/kernels.h"
#include "autograd/ops/common.h"

namespace heed::optim {

AdamBase::AdamBase(const char* name, std::vector<Tensor> parameters, AdamOptions options, bool decoupled)
    : Optimizer(name, std::move(parameters), options.lr),
      options_(options),
      decoupled_(decoupled),
      m_(this->parameters().size()),
      v_(m_.size()),
      t_(m_.size()) {
  check_range("beta1", options_.beta1, 0, 1);
  check_range("beta2", options_.beta2, 0, 1);
  check_range("eps", options_.eps, 0, std::numeric_limits<double>::infinity());
  check_range("weight_decay", options_.weight_decay, 0, std::numeric_limits<double>::infinity());
  for (const Tensor& p : this->parameters())
    check(p.is_contiguous(), name, "a parameter ", p.shape(),
          " is a view with strides. Hint: contiguous() before set_requires_grad()");
}

void AdamBase::update(std::size_t i, Tensor& w, const Tensor& gradient) {
  if (!m_[i].defined()) {
    m_[i] = zeros(w.shape(), w.dtype());
    v_[i] = zeros(w.shape(), w.dtype());
  }
  const double t = static_cast<double>(++t_[i]);
  const double correction1 = 1 - std::pow(options_.beta1, t), correction2 = 1 - std::pow(options_.beta2, t);
  const Tensor g = ops::dense(gradient);
  ops::dispatch(w.dtype(), [&]<class T>() {
    const typename kernels::Kernels<T>::AdamStep s{
        .beta1 = static_cast<T>(options_.beta1),
        .beta2 = static_cast<T>(options_.beta2),
        .eps = static_cast<T>(options_.eps),
        .l2 = static_cast<T>(decoupled_ ? 0 : options_.weight_decay),
        .decoupled = static_cast<T>(decoupled_ ? lr() * options_.weight_decay : 0),
        .step = static_cast<T>(lr() / correction1),
        .inv_sqrt_correction2 = static_cast<T>(1 / std::sqrt(correction2)),
    };
    T *pw = w.mutable_data<T>(), *pm = m_[i].mutable_data<T>(), *pv = v_[i].mutable_data<T>();
    const T* pg = g.data<T>();
    kernels::parallel_for(w.numel(), ops::cheap_grain, [&](index_t begin, index_t end) {
      kernels::kernels<T>().adam(s, pw + begin, pg + begin, pm + begin, pv + begin, end - begin);
    });
  });
}

}  // namespace heed::optim
