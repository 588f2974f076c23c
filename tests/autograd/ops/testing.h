// testing.h — what the tests of ops share.
#pragma once

#include <cmath>
#include <vector>

#include "tests/testing.h"

namespace heed {

using Numbers = std::vector<double>;

// Names for the checks that every op has: what it does with a tensor that is not there, and with two dtypes.
template <class Op>
void expect_refuses_undefined(const char* op, Op&& call) {
  EXPECT_EQ(error_of([&] { call(Tensor()); }),
            concat("[", op,
                   "] argument 0 is an undefined tensor. Hint: a default-constructed Tensor holds nothing"));
}

template <class Op>
void expect_refuses_two_dtypes(const char* op, Op&& call) {
  EXPECT_EQ(
      error_of([&] { call(ones({2}), ones({2}, f64)); }),
      concat("[", op,
             "] argument 1 is f64 and argument 0 is f32; dtypes must agree. Hint: convert one with to()"));
}

// Every element of x is within 1e-6 of `want`, relatively: an f32 sum whose error bound does not
// grow with its length.
inline void expect_all_near(const Tensor& x, double want) {
  for (const double value : x.to_vector()) ASSERT_NEAR(value / want, 1, 1e-6) << x.shape();
}

// 0.1 as f32 has it: the addend of the tests of long sums.
inline constexpr double tenth = 0.1F;

}  // namespace heed
