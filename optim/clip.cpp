#include "optim/clip.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/graph.h"
#include "autograd/ops.h"

namespace heed::optim {

// Returns the sum of squares, in eight independent sums.
template <class T>
static double sum_of_squares(const T* x, index_t n) {
  double sums[8] = {};
  index_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (int j = 0; j < 8; ++j) sums[j] += static_cast<double>(x[i + j]) * static_cast<double>(x[i + j]);
  for (; i < n; ++i) sums[i % 8] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

// Calls f(data, n, i) with the contiguous elements of the gradient of each parameter i.
template <class F>
static void for_each_gradient(const std::vector<Tensor>& parameters, F&& f) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!parameters[i].grad().defined()) continue;
    const Tensor g = parameters[i].grad().contiguous();
    dispatch(g.dtype(), [&]<class T>() { f(g.data<T>(), g.numel(), i); });
  }
}

// Returns the norm of gradients whose squares are outside the range of double. Each element is
// first divided by a power of two near the largest magnitude.
static double scaled_norm(const std::vector<Tensor>& parameters) {
  double largest = 0;
  for_each_gradient(parameters, [&]<class T>(const T* x, index_t n, std::size_t i) {
    for (index_t j = 0; j < n; ++j) {
      const double magnitude = std::abs(static_cast<double>(x[j]));
      check(!std::isinf(magnitude), "clip_grad_norm", "the gradient of parameter ", i, " ",
            parameters[i].shape(),
            " contains an infinity. Hint: it comes from a division by 0 or an overflow; the learning rate "
            "may be "
            "too high");
      largest = std::max(largest, magnitude);
    }
  });
  if (largest == 0) return 0;
  const int exponent = std::ilogb(largest);
  double squares = 0;
  for_each_gradient(parameters, [&]<class T>(const T* x, index_t n, std::size_t) {
    for (index_t j = 0; j < n; ++j) {
      const double scaled = std::scalbn(static_cast<double>(x[j]), -exponent);
      squares += scaled * scaled;
    }
  });
  const double norm = std::scalbn(std::sqrt(squares), exponent);
  check(std::isfinite(norm), "clip_grad_norm", "the norm of the gradients is above ",
        std::numeric_limits<double>::max(), ", the largest double. Hint: call clip_grad_value first");
  return norm;
}

static double norm_of_gradients(const std::vector<Tensor>& parameters) {
  double squares = 0;
  for_each_gradient(parameters,
                    [&]<class T>(const T* x, index_t n, std::size_t) { squares += sum_of_squares(x, n); });
  check(!std::isnan(squares), "clip_grad_norm",
        "the gradients contain a NaN. Hint: AnomalyMode reports the op that produced the first NaN");
  const bool in_range =
      squares > 1e-280 && std::isfinite(squares);  // otherwise squares overflowed or underflowed
  return in_range ? std::sqrt(squares) : scaled_norm(parameters);
}

double clip_grad_norm(const std::vector<Tensor>& parameters, double max_norm) {
  check(max_norm > 0 && std::isfinite(max_norm), "clip_grad_norm", "expected a finite max_norm > 0, got ",
        max_norm);
  const NoGrad no_grad;
  for (const Tensor& p : parameters)
    check(p.defined(), "clip_grad_norm", "expected defined parameters, got ", p);
  const double norm = norm_of_gradients(parameters);
  if (norm <= max_norm) return norm;
  const double factor = max_norm / (norm + 1e-6);
  // A factor that is subnormal in float is applied in two steps, which preserves its precision.
  const bool is_tiny = factor < 1e-37;
  for (const Tensor& p : parameters) {
    Tensor g = p.grad();
    if (!g.defined()) continue;
    g.mul_(is_tiny ? 0x1p100 * max_norm / (norm + 1e-6) : factor);
    if (is_tiny) g.mul_(0x1p-100);
  }
  return norm;
}

void clip_grad_value(const std::vector<Tensor>& parameters, double limit) {
  check(limit > 0 && std::isfinite(limit), "clip_grad_value", "expected a finite limit > 0, got ", limit);
  const NoGrad no_grad;
  for (const Tensor& p : parameters) {
    check(p.defined(), "clip_grad_value", "expected defined parameters, got ", p);
    if (!p.grad().defined()) continue;
    Tensor g = p.grad();
    g.copy_(clamp(g, -limit, limit));
  }
}

}  // namespace heed::optim
