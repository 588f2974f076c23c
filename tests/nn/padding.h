// padding.h — checks that the values in padding influence neither outputs nor gradients.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "nn/module.h"
#include "tests/testing.h"

namespace heed::nn {

struct PaddedRun {
  Tensor output;               // with its padding filled: masked_fill(y, !real, 0)
  std::vector<Tensor> inputs;  // whose gradients are compared, too
};

// run(value) applies the module to inputs whose padding contains `value`. Outputs and the gradients
// of inputs and parameters must be bit-identical for NaN, infinities and huge values, and equal up
// to rounding for an ordinary value, which is not cleared, so the gradients are summed in another
// order.
template <class Run>
void expect_padding_ignored(Module& module, const std::string& what, Run&& run) {
  std::vector<std::pair<std::string, Tensor>> first;
  for (const double value : {double{NAN}, double{INFINITY}, -double{INFINITY}, 3e38, 1.0}) {
    for (Tensor& p : module.parameters()) p.zero_grad();
    const PaddedRun result = run(value);
    sum(result.output * noise(result.output.shape(), 5, result.output.dtype())).backward();
    std::vector<std::pair<std::string, Tensor>> results{{"output", result.output.detach()}};
    for (const Tensor& x : result.inputs) results.emplace_back("gradient of an input", x.grad());
    for (const auto& [name, p] : module.named_parameters())
      if (p.grad().defined()) results.emplace_back("gradient of " + name, p.grad());
    if (first.empty()) first = results;
    ASSERT_EQ(results.size(), first.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
      SCOPED_TRACE(concat(what, ", padding of ", value, ": ", first[i].first));
      expect_close(results[i].second, first[i].second, value == 1 ? 1e-5 : 0);
    }
  }
}

// A normally distributed tensor that requires grad, with `value` at positions at which `real`
// (broadcast) is false.
inline Tensor padded(const Shape& shape, const Mask& real, double value, std::uint64_t seed = 1) {
  return masked_fill(noise(shape, seed), !real, value).set_requires_grad();
}

}  // namespace heed::nn
