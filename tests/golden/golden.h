// golden.h — the numbers that PyTorch made (make.py says how), and the table of how well ours agree with them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "autograd/autograd.h"
#include "tests/testing.h"

namespace heed {

struct GoldenCase {
  std::string name;  // "layers/linear"
  std::map<std::string, Tensor>
      tensors;              // by key: "in:x", "param:weight", "grad:weight", "out:output", "r"; f64
  NamedTensors parameters;  // the "param:" ones, for load_state_dict

  bool has(const std::string& key) const { return tensors.contains(key); }
  const Tensor& operator[](const std::string& key) const;
  Mask mask() const { return (*this)["mask"] > 0.5; }
};

// The cases of one file: "ops", "layers", … (golden.cpp names them all).
const std::map<std::string, GoldenCase>& golden_file(const std::string& file);
const GoldenCase& golden(const std::string& file, const std::string& name);

enum class Quantity { value, gradient };

// The largest difference, as a part of the largest number wanted. NaN or infinity on either side is infinitely far.
double difference(const Tensor& got, const Tensor& want);
// What is allowed: f64 1e-10; f32 2e-5 for values, 1e-4 for gradients.
double allowed(DType dtype, Quantity quantity);

// Holds `got` to `want` by its dtype's bound, and enters it into the table that is printed when all tests are done.
void expect_agrees(const GoldenCase& of, const std::string& what, const Tensor& got, const Tensor& want,
                   Quantity quantity = Quantity::value);

}  // namespace heed
