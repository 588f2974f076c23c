// gradcheck.h — compares the gradients of a function with central differences, in float64.
//
//   Generator gen(0); Tensor x = randn({2, 3}, gen, f64).set_requires_grad(); gradcheck([](const
//   std::vector<Tensor>& in) { return tanh(in[0]); }, {x});  // throws if they differ
//
// The output y is reduced to one number with a fixed random vector r: s = sum(y * r). A plain sum
// would miss errors: the sum of a softmax is 1 for every input, so its gradient is 0.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "autograd/tensor.h"

namespace heed {

struct GradcheckOptions {
  double step = 1e-6;  // of the central difference, times max(1, |x|)
  double atol = 1e-7;  // |analytic - numeric| <= atol + rtol * |numeric|
  double rtol = 1e-6;
  // A gradient that is 0 everywhere usually means that the check is vacuous, so it fails by
  // default.
  bool allow_zero = false;
};

struct GradcheckResult {
  bool ok = false;
  std::string message;           // empty if ok
  double worst = 0;              // the maximum of |analytic - numeric| / (atol + rtol * |numeric|)
  std::vector<std::string> ops;  // the names of the recorded ops, sorted
};

using GradcheckFunction = std::function<Tensor(const std::vector<Tensor>&)>;

// Checks d(sum(f(inputs) * r)) / d(input) for every element of every input that requires grad.
// Requires inputs that are contiguous f64 leaves, and a pure function f: a random one must copy its
// generator. A NaN or an infinity fails the check.
GradcheckResult check_gradients(const GradcheckFunction& f, const std::vector<Tensor>& inputs,
                                const GradcheckOptions& options = {});
// The same, but throws Error "[gradcheck] …" if the check fails.
void gradcheck(const GradcheckFunction& f, const std::vector<Tensor>& inputs,
               const GradcheckOptions& options = {});

}  // namespace heed
