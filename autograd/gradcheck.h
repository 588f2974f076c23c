// gradcheck.h — is a backward right? Compare it with central differences, in float64.
//
//   Generator gen(0);
//   Tensor x = randn({2, 3}, gen, f64).set_requires_grad();
//   gradcheck([](const std::vector<Tensor>& in) { return tanh(in[0]); }, {x});   // throws where they differ
//
// The output y is reduced to one number by a fixed random vector r: s = sum(y * r). A plain sum would miss
// mistakes: the sum of a softmax is 1 whatever its input, so every gradient of it is 0.
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
  bool allow_zero =
      false;  // a gradient of an input that is 0 everywhere usually means a check of nothing: refused
};

struct GradcheckResult {
  bool ok = false;
  std::string message;  // empty when ok; else input, index, analytic, numeric, the difference allowed
  double worst = 0;     // largest |analytic - numeric| / (atol + rtol * |numeric|)
  std::vector<std::string> ops;  // names of the recorded ops that the check has run through
};

using GradcheckFunction = std::function<Tensor(const std::vector<Tensor>&)>;

// Checks d(sum(f(inputs) * r)) / d(input) for every element of every input that requires grad.
// Inputs must be f64 leaves. NaN or inf anywhere fails. f must be a pure function of its inputs (a
// random one: copy the generator).
GradcheckResult check_gradients(const GradcheckFunction& f, const std::vector<Tensor>& inputs,
                                const GradcheckOptions& options = {});
// The same; throws Error "[gradcheck] …" where it fails.
void gradcheck(const GradcheckFunction& f, const std::vector<Tensor>& inputs,
               const GradcheckOptions& options = {});

}  // namespace heed
