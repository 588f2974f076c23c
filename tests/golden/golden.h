// golden.h — numbers computed by PyTorch (see make.py), and a table of the differences between heed
// and PyTorch.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "autograd/autograd.h"
#include "tests/testing.h"

namespace heed {

struct GoldenCase {
  std::string name;  // "layers/linear"
  // f64, by key: "in:x", "param:weight", "grad:weight", "out:output", "r".
  std::map<std::string, Tensor> tensors;
  NamedTensors parameters;  // the "param:" tensors, for load_state_dict

  bool has(const std::string& key) const { return tensors.contains(key); }
  const Tensor& operator[](const std::string& key) const;
  Mask mask() const { return (*this)["mask"] > 0.5; }
};

// Returns the cases of one file: "ops", "layers", … The list of files is in golden.cpp.
const std::map<std::string, GoldenCase>& golden_file(const std::string& file);
const GoldenCase& golden(const std::string& file, const std::string& name);

enum class Quantity { value, gradient };

// Returns the largest difference divided by the largest expected magnitude; infinity if either side
// has a NaN or an infinity.
double difference(const Tensor& actual, const Tensor& expected);
// Returns the tolerance: 1e-10 for f64; for f32, 2e-5 for values and 1e-4 for gradients.
double tolerance(DType dtype, Quantity quantity);

// Expects `actual` to agree with `expected` within the tolerance of its dtype, and adds the
// difference to the table that is printed after all tests.
void expect_agrees(const GoldenCase& of, const std::string& name, const Tensor& actual,
                   const Tensor& expected, Quantity quantity = Quantity::value);

}  // namespace heed
