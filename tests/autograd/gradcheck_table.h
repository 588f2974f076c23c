// gradcheck_table.h — the table of gradient checks, and inputs for it.
//
// Inputs avoid points without a derivative, such as 0 for |x| and equal operands of a maximum:
// there, central differences differ from every choice of the gradient.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/autograd/gradcheck_cases.h"

namespace heed {

using Inputs = std::vector<Tensor>;

class Table {
 public:
  void add(std::string function, std::string detail, GradcheckFunction f, Inputs inputs,
           GradcheckOptions options = {}) {
    cases.push_back({std::move(function), std::move(detail), std::move(f), std::move(inputs), options});
  }
  // The detail is the shapes of the inputs.
  void add(const std::string& function, GradcheckFunction f, const Inputs& inputs,
           GradcheckOptions options = {}) {
    std::string shapes;
    for (const Tensor& t : inputs) shapes += (shapes.empty() ? "" : " ") + to_string(t.shape());
    add(function, shapes, std::move(f), inputs, options);
  }
  std::vector<GradcheckCase> cases;
};

// ---- inputs -----------------------------------------------------------------------------------------------

inline Tensor normal(const Shape& shape, std::uint64_t seed = 1) {
  Generator gen(seed);
  return randn(shape, gen, f64).set_requires_grad();
}

// In [0.5, 2): for log, roots and powers.
inline Tensor positive(const Shape& shape, std::uint64_t seed = 1) {
  Generator gen(seed);
  Tensor x = rand(shape, gen, f64);
  return x.mul_(1.5).add_(full(shape, 0.5, f64)).set_requires_grad();
}

// Numbers at least 0.1 apart from each other and 0.05 from 0, shuffled.
inline Tensor distinct(const Shape& shape, std::uint64_t seed = 1) {
  const index_t n = shape.numel();
  std::vector<double> values;
  for (index_t i = 0; i < n; ++i)
    values.push_back(0.1 * (static_cast<double>(i) - static_cast<double>(n / 2)) + 0.05);
  Generator gen(seed);
  gen.shuffle(values);
  return from_vector(values, shape, f64).set_requires_grad();
}

inline Mask checkered(const Shape& shape) {
  std::vector<std::uint8_t> values(static_cast<std::size_t>(shape.numel()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = i % 3 != 1;
  return {std::move(values), shape};
}

// Adds the cases of gradcheck_cases_layers.cpp.
void add_layer_cases(Table& t);

}  // namespace heed
