// testing.h — helpers shared by the tests.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "autograd/autograd.h"

namespace heed {

// Returns the message of the Error that f throws, or "" if it throws none.
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
  EXPECT_NE(text.find(part), std::string::npos) << "expected '" << part << "' in: " << text;
}

// Expects equal shapes, and elements that differ by at most `tolerance`. NaN fails.
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

// One step of gradient descent without an optimizer.
inline void sgd_step(const std::vector<Tensor>& parameters, double lr) {
  const NoGrad no_grad;
  for (Tensor p : parameters)
    if (p.grad().defined()) p.add_(p.grad(), -lr);
}

// A random normal tensor for tests that do not depend on its values.
inline Tensor noise(const Shape& shape, std::uint64_t seed = 1, DType dtype = f32) {
  Generator gen(seed);
  return randn(shape, gen, dtype);
}

}  // namespace heed
