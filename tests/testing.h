// testing.h — helper functions for all tests.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "autograd/autograd.h"

namespace heed {

// The text of the Error that f throws; "" where it throws none.
template <class F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

inline void expect_contains(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is not in: " << text;
}

// All numbers of a and b alike to `tolerance`; NaN fails.
inline void expect_close(const Tensor& a, const Tensor& b, double tolerance = 1e-6) {
  ASSERT_EQ(a.shape(), b.shape());
  if (a.numel() > 0) {
    EXPECT_LE(max_abs_difference(a, b), tolerance) << a << "\n" << b;
  }
}

inline void expect_same_bits(const Tensor& a, const Tensor& b) {
  ASSERT_EQ(a.shape(), b.shape());
  EXPECT_EQ(a.to_vector(), b.to_vector());
}

// One step of gradient descent, by hand.
inline void sgd_step(const std::vector<Tensor>& parameters, double lr) {
  const NoGrad no_grad;
  for (Tensor p : parameters)
    if (p.grad().defined()) p.add_(p.grad(), -lr);
}

// A normal tensor for tests that do not care which.
inline Tensor noise(const Shape& shape, std::uint64_t seed = 1, DType dtype = f32) {
  Generator gen(seed);
  return randn(shape, gen, dtype);
}

}  // namespace heed
