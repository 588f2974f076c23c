// testing.h — helpers of the tests of ops.
#pragma once

#include <cmath>
#include <vector>

#include "tests/testing.h"

namespace heed {

using Numbers = std::vector<double>;

// Expects that an op throws if an argument is undefined.
template <class Op>
void expect_rejects_undefined(const char* op, Op&& call) {
  EXPECT_EQ(
      error_of([&] { call(Tensor()); }),
      concat("[", op,
             "] expected a tensor as argument 0, got an undefined tensor. Hint: a default-constructed Tensor "
             "is undefined"));
}

// Expects that an op throws if its arguments have two dtypes.
template <class Op>
void expect_rejects_two_dtypes(const char* op, Op&& call) {
  EXPECT_EQ(error_of([&] { call(ones({2}), ones({2}, f64)); }),
            concat("[", op,
                   "] expected arguments of one dtype, got f32 for argument 0 and f64 for argument 1. Hint: "
                   "convert one of them with to()"));
}

// Expects every element of x to be within a relative error of 1e-6 of `expected`: the bound of an
// f32 sum that does not grow with its length.
inline void expect_all_near(const Tensor& x, double expected) {
  for (const double value : x.to_vector()) ASSERT_NEAR(value / expected, 1, 1e-6) << x.shape();
}

// 0.1 rounded to f32, the term in the tests of long sums.
inline constexpr double tenth = 0.1F;

}  // namespace heed
