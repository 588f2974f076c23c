#include "lessons/tutor/forms.h"

#include <algorithm>
#include <cmath>

namespace heed::tutor {

bool all_f64(const std::vector<Tensor>& tensors) {
  return std::all_of(tensors.begin(), tensors.end(),
                     [](const Tensor& t) { return !t.defined() || t.dtype() == f64; });
}

Tensor weighted_sum(const std::vector<Tensor>& outputs) {
  Tensor total;
  double place = 1;
  for (const Tensor& output : outputs) {
    if (!output.defined() || !output.requires_grad()) continue;
    std::vector<double> weights;
    for (index_t i = 0; i < output.numel(); ++i) weights.push_back(std::cos(0.7 * place++) + 0.3);
    const Tensor part = (output * from_vector(weights, output.shape(), output.dtype())).sum();
    total = total.defined() ? total + part.to(total.dtype()) : part;
  }
  return total;
}

}  // namespace heed::tutor
