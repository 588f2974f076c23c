#include "optim/clip.h"

#include <cmath>

#include "autograd/graph.h"
#include "autograd/ops/common.h"

namespace heed::optim {

double clip_grad_norm(const std::vector<Tensor>& parameters, double max_norm) {
  check(max_norm > 0 && std::isfinite(max_norm), "clip_grad_norm",
        "max_norm must be positive and finite, got ", max_norm);
  const NoGrad no_grad;
  double squares = 0;
  for (const Tensor& p : parameters) {
    check(p.defined(), "clip_grad_norm", "a parameter is an undefined tensor");
    if (!p.grad().defined()) continue;
    const Tensor g = ops::dense(p.grad());
    ops::dispatch(g.dtype(), [&]<class T>() {
      const T* x = g.data<T>();
      double part = 0;
      for (index_t i = 0; i < g.numel(); ++i) part += static_cast<double>(x[i]) * static_cast<double>(x[i]);
      squares += part;
    });
  }
  const double norm = std::sqrt(squares);
  check(std::isfinite(norm), "clip_grad_norm", "the gradients have length ", norm,
        ". Hint: AnomalyMode names the op that made the first NaN");
  if (norm > max_norm) {
    for (const Tensor& p : parameters) {
      if (!p.grad().defined()) continue;
      Tensor g = p.grad();
      g.mul_(max_norm / (norm + 1e-6));
    }
  }
  return norm;
}

void clip_grad_value(const std::vector<Tensor>& parameters, double limit) {
  check(limit > 0 && std::isfinite(limit), "clip_grad_value", "limit must be positive and finite, got ",
        limit);
  const NoGrad no_grad;
  for (const Tensor& p : parameters) {
    check(p.defined(), "clip_grad_value", "a parameter is an undefined tensor");
    if (!p.grad().defined()) continue;
    Tensor g = p.grad();
    g.copy_(clamp(g, -limit, limit));
  }
}

}  // namespace heed::optim
