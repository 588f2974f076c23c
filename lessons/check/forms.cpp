#include "lessons/check/forms.h"

#include <cmath>

namespace heed::checks {

void append_modes(const nn::Module& module, std::vector<double>& modes) {
  modes.push_back(module.training() ? 1 : 0);
  for (const auto& [name, child] : module.children()) append_modes(*child, modes);
}

Tensor weighted_sum(const std::vector<Tensor>& outputs) {
  Tensor total;
  double element = 1;
  for (const Tensor& output : outputs) {
    if (!output.defined() || !output.requires_grad()) continue;
    std::vector<double> weights;
    for (index_t i = 0; i < output.numel(); ++i) {
      weights.push_back(std::cos(0.7 * element) + 0.3);
      ++element;
    }
    const Tensor part = (output * from_vector(weights, output.shape(), output.dtype())).sum();
    total = total.defined() ? total + part.to(total.dtype()) : part;
  }
  return total;
}

}  // namespace heed::checks
