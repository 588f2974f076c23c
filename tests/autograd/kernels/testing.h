// testing.h — shared by the kernel tests: sizes, random values, and a loop over all instruction
// sets.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>
#include <vector>

#include "autograd/kernels/isa.h"
#include "autograd/kernels/kernels.h"
#include "autograd/kernels/reference.h"
#include "autograd/random.h"

namespace heed::kernels {

// 0, 1, sizes around each number of lanes (2 … 16) and around four vectors, and primes.
inline const std::vector<index_t> sizes = {0,  1,  2,  3,  4,  5,  7,  8,  9,  13, 15,  16,  17,  31,  32,
                                           33, 37, 47, 48, 49, 61, 63, 64, 65, 97, 127, 128, 129, 257, 1009};

template <class T>
std::vector<T> random_values(index_t n, std::uint64_t seed, double low = -3, double high = 3) {
  Generator gen(seed);
  std::vector<T> x(static_cast<std::size_t>(n));
  for (T& v : x) v = static_cast<T>(low + (high - low) * gen.uniform());
  return x;
}

template <class T>
constexpr double tolerance = sizeof(T) == 4 ? 2e-6 : 4e-15;

// Checks |got - want| relative to the magnitude of want, or to 1 if it is smaller.
template <class T>
void expect_close(const std::vector<T>& got, const std::vector<T>& want, double factor,
                  const std::string& what) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(want[i])) {
      EXPECT_TRUE(std::isnan(got[i])) << what << " at " << i;
      continue;
    }
    if (got[i] == want[i]) continue;
    const double scale = std::max(1.0, std::abs(static_cast<double>(want[i])));
    ASSERT_LE(std::abs(static_cast<double>(got[i]) - static_cast<double>(want[i])) / scale,
              factor * tolerance<T>)
        << what << " at " << i << " of " << got.size() << ": " << got[i] << ", expected " << want[i];
  }
}

// Runs check(table, name) for f32 and f64 of every available instruction set.
template <class Check>
void for_every_table(Check&& check) {
  for (const std::string& isa : available_isas()) {
    check(*kernels_for<float>(isa.c_str()), reference<float>(), isa + " f32");
    check(*kernels_for<double>(isa.c_str()), reference<double>(), isa + " f64");
  }
}

template <class Table>
struct ElementOf;
template <class T>
struct ElementOf<Kernels<T>> {
  using type = T;
};
template <class Table>
using Element = typename ElementOf<std::remove_cvref_t<Table>>::type;

}  // namespace heed::kernels
