// ladder_test.cpp — every rung computes the same product, also if the size is not a multiple of a
// block.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "autograd/random.h"
#include "tests/bench/ladder_rungs.h"

namespace heed::bench {
namespace {

TEST(Ladder, EveryRungComputesTheSameProduct) {
  for (const index_t n : {1, 7, 64, 100, 301}) {
    Generator gen(1);
    const auto size = static_cast<std::size_t>(n * n);
    std::vector<float> a(size), b(size), expected(size);
    for (float& x : a) x = static_cast<float>(gen.uniform() - 0.5);
    for (float& x : b) x = static_cast<float>(gen.uniform() - 0.5);
    naive(a.data(), b.data(), expected.data(), n);
    for (const NamedRung& rung : rungs) {
      std::vector<float> c(size, 9.0F);
      rung.run(a.data(), b.data(), c.data(), n);
      for (std::size_t i = 0; i < size; ++i)
        ASSERT_LE(std::abs(c[i] - expected[i]), 1e-5F * std::sqrt(static_cast<float>(n)))
            << rung.name << " n " << n;
    }
  }
}

}  // namespace
}  // namespace heed::bench
