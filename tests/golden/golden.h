// golden.h — reads the numbers that PyTorch made (their format is told in make_nn.py) and compares with them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "autograd/autograd.h"

namespace heed {

struct GoldenCase {
  std::map<std::string, Tensor> tensors;  // by key: "in:x", "param:weight", "grad:weight", "out:output", "r"
  NamedTensors parameters;                // the "param:" ones, for load_state_dict

  const Tensor& operator[](const std::string& key) const {
    const auto found = tensors.find(key);
    check(found != tensors.end(), "golden", "no '", key, "' in this case");
    return found->second;
  }
  Mask mask() const { return (*this)["mask"] > 0.5; }
};

using Golden = std::map<std::string, GoldenCase>;

inline Golden read_golden(const std::string& path) {
  std::ifstream file(path);
  check(file.is_open(), "golden", "cannot open ", path);
  Golden golden;
  GoldenCase* current = nullptr;
  std::string line;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream in(line);
    std::string key, sizes, size, number;
    in >> key >> sizes;
    if (key == "case") {
      current = &golden[sizes];
      continue;
    }
    check(current != nullptr, "golden", "a tensor before the first case: ", key);
    Shape shape;
    if (sizes != "scalar")
      for (std::istringstream rest(sizes); std::getline(rest, size, 'x');) shape.push_back(std::stoll(size));
    std::vector<double> values;
    while (in >> number) values.push_back(std::stod(number));
    const Tensor t = from_vector(values, shape, f64);
    current->tensors[key] = t;
    if (key.starts_with("param:")) current->parameters.emplace_back(key.substr(6), t);
  }
  return golden;
}

// |a - b| <= 1e-10 · max(1, |b|): relative, but for numbers near zero, which are differences of larger ones.
inline void expect_agrees(const std::string& what, const Tensor& got, const Tensor& want) {
  ASSERT_TRUE(got.defined()) << what << " is undefined";
  ASSERT_EQ(got.shape(), want.shape()) << what;
  const auto a = got.to_vector(), b = want.to_vector();
  for (std::size_t i = 0; i < a.size(); ++i)
    ASSERT_LE(std::abs(a[i] - b[i]), 1e-10 * std::max(1.0, std::abs(b[i]))) << what << ", element " << i;
}

}  // namespace heed
