#include "optim/clip.h"

#include <cmath>

#include "autograd/graph.h"
#include "autograd/ops/common.h"

namespace heed::optim {

// The sum of squares, in eight sums that do not wait for each other.
template <class T>
static double sum_of_squares(const T* x, index_t n) {
  double sums[8] = {};
  index_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (int j = 0; j < 8; ++j) sums[j] += static_cast<double>(x[i + j]) * static_cast<double>(x[i + j]);
  for (; i < n; ++i) sums[i % 8] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

double clip_grad_norm(const std::vector<Tensor>& parameters, double max_norm) {
  check(max_norm > 0 && std::isfinite(max_norm), "clip_grad_norm",
        "max_norm must be positive and finite, got ", max_norm);
  const NoGrad no_grad;
  double squares = 0;
  for (const Tensor& p : parameters) {
    check(p.defined(), "clip_grad_norm", "a parameter is an undefined tensor");
    if (!p.grad().defined()) continue;
    const Tensor g = ops::dense(p.grad());
    ops::dispatch(g.dtype(), [&]<class T>() { squares += sum_of_squares(g.data<T>(), g.numel()); });
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
