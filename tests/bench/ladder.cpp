// ladder.cpp — heed-bench ladder: each optimisation step of matmul, at 512 x 512 x 512.
#include <vector>

#include "autograd/error.h"
#include "tests/bench/bench.h"
#include "tests/bench/ladder_rungs.h"

namespace heed::bench {

void ladder(Report& report) {
  constexpr index_t n = 512;
  const std::vector<float> a(n * n, 0.5F), b(n * n, 0.25F);
  std::vector<float> c(n * n);
  for (const NamedRung& rung : rungs)
    report.measure(rung.name, {.flops = 2.0 * n * n * n}, [&] { rung.run(a.data(), b.data(), c.data(), n); });
}

}  // namespace heed::bench
