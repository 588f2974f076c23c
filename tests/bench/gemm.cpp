// gemm.cpp — heed-bench gemm: every layout and size as a share of the peak of the same run.
#include "autograd/kernels/gemm.h"

#include <cstdio>
#include <string>
#include <vector>

#include "tests/bench/bench.h"
#include "tests/bench/timing.h"

namespace heed::bench {

namespace {

using kernels::index_t;

struct Case {
  index_t m, n, k;
};

template <class T>
void run_cases(const Options& options, const char* type) {
  static constexpr Case cases[] = {
      {64, 64, 64},       {128, 128, 128}, {256, 256, 256},  {512, 512, 512},
      {1024, 1024, 1024}, {320, 512, 512}, {320, 1536, 512}, {320, 2048, 512},
      {320, 512, 2048},   {197, 768, 768}, {544, 64, 64},    {100, 100, 100},
  };
  set_num_threads(1);
  const double peak1 = fma_peak<T>(1);
  set_num_threads(options.threads);
  const double peak = options.threads == 1 ? peak1 : fma_peak<T>(options.threads);
  std::printf("\n%s on %s: peak %.1f GFLOP/s on one thread, %.1f on %d\n", type, kernels::kernels<T>().isa,
              peak1, peak, options.threads);
  std::printf("  %-22s %10s %10s %8s %8s %8s\n", "m x n x k", "us", "GFLOP/s", "of peak", "spread",
              "threads");
  for (const char* layout : {"NN", "NT", "TN", "TT"}) {
    for (const Case& c : cases) {
      char label[64];
      std::snprintf(label, sizeof label, "%s %ldx%ldx%ld", layout, static_cast<long>(c.m),
                    static_cast<long>(c.n), static_cast<long>(c.k));
      const std::string name = std::string("gemm ") + type + " " + label;
      if (name.find(options.filter) == std::string::npos) continue;
      const bool ta = layout[0] == 'T', tb = layout[1] == 'T';
      std::vector<T> a(static_cast<std::size_t>(c.m * c.k), T(0.5)),
          b(static_cast<std::size_t>(c.k * c.n), T(0.25)), y(static_cast<std::size_t>(c.m * c.n));
      const kernels::GemmShape shape{.transpose_a = ta,
                                     .transpose_b = tb,
                                     .m = c.m,
                                     .n = c.n,
                                     .k = c.k,
                                     .lda = ta ? c.m : c.k,
                                     .ldb = tb ? c.k : c.n,
                                     .ldc = c.n};
      const Timing t = time(options.min_time, [&] { kernels::gemm(shape, a.data(), b.data(), y.data()); });
      const double rate =
          2e-9 * static_cast<double>(c.m) * static_cast<double>(c.n) * static_cast<double>(c.k) / t.median;
      std::printf("  %-22s %10.1f %10.1f %6.0f %% %6.0f %% %8d\n", label, t.median * 1e6, rate,
                  100 * rate / peak, 100 * t.spread, options.threads);
      std::fflush(stdout);
    }
  }
}

}  // namespace

void gemm(const Options& options) {
  run_cases<float>(options, "f32");
  run_cases<double>(options, "f64");
}

}  // namespace heed::bench
