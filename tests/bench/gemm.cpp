// gemm.cpp — heed-bench gemm: every layout and size, compared with the peak of the machine and with
// the BLAS of --blas.
#include "autograd/kernels/gemm.h"

#include <dlfcn.h>
#include <stdlib.h>

#include <string>
#include <vector>

#include "autograd/error.h"
#include "tests/bench/bench.h"

namespace heed::bench {

namespace {

using kernels::GemmShape;

// The C interface of BLAS: 101 row-major, 111 as stored, 112 transposed.
template <class T>
using BlasGemm = void (*)(int, int, int, int, int, int, T, const T*, int, const T*, int, T, T*, int);

// A BLAS library loaded at run time, so the build does not depend on it.
class Blas {
 public:
  explicit Blas(const Options& options) {
    if (options.blas.empty()) return;
    // By default, OpenBLAS's threads spin for a tenth of a second after a call and compete with
    // heed's threads for the cores. Limit this to 2^18 cycles, about as long as heed's own threads
    // spin.
    setenv("OPENBLAS_THREAD_TIMEOUT", "18", 0);
    void* library = dlopen(options.blas.c_str(), RTLD_NOW | RTLD_LOCAL);
    check(library, "heed-bench", "--blas: cannot open ", options.blas, ": ", library ? "" : dlerror());
    single_ = reinterpret_cast<BlasGemm<float>>(dlsym(library, "cblas_sgemm"));
    double_ = reinterpret_cast<BlasGemm<double>>(dlsym(library, "cblas_dgemm"));
    check(single_ && double_, "heed-bench", "--blas: ", options.blas,
          " does not export cblas_sgemm and cblas_dgemm");
    if (auto* set_threads = reinterpret_cast<void (*)(int)>(dlsym(library, "openblas_set_num_threads")))
      set_threads(options.threads);
    if (auto* name = reinterpret_cast<char* (*)()>(dlsym(library, "openblas_get_corename")))
      kernels_ = name();
  }
  // The CPU for which OpenBLAS chose its kernels, empty if unknown.
  const std::string& kernels() const { return kernels_; }
  template <class T>
  BlasGemm<T> gemm() const {
    if constexpr (sizeof(T) == sizeof(float))
      return single_;
    else
      return double_;
  }

 private:
  BlasGemm<float> single_ = nullptr;
  BlasGemm<double> double_ = nullptr;
  std::string kernels_;
};

struct Size {
  index_t m, n, k;
};
constexpr Size sizes[] = {
    {64, 64, 64},       {128, 128, 128}, {256, 256, 256},  {512, 512, 512},
    {1024, 1024, 1024}, {320, 512, 512}, {320, 1536, 512}, {320, 2048, 512},
    {320, 512, 2048},   {197, 768, 768}, {544, 64, 64},    {100, 100, 100},
};

template <class T>
void run_case(Report& report, const Blas& blas, const std::string& name, const std::string& layout,
              const Size& c) {
  const bool ta = layout[0] == 'T', tb = layout[1] == 'T';
  std::vector<T> a(static_cast<std::size_t>(c.m * c.k), T(0.5)),
      b(static_cast<std::size_t>(c.k * c.n), T(0.25)), y(static_cast<std::size_t>(c.m * c.n));
  const GemmShape s{.transpose_a = ta,
                    .transpose_b = tb,
                    .m = c.m,
                    .n = c.n,
                    .k = c.k,
                    .lda = ta ? c.m : c.k,
                    .ldb = tb ? c.k : c.n,
                    .ldc = c.n};
  const Work work{
      .flops = 2.0 * static_cast<double>(c.m) * static_cast<double>(c.n) * static_cast<double>(c.k),
      .f64 = sizeof(T) == 8};
  std::function<void()> baseline;
  if (const auto blas_gemm = blas.gemm<T>())
    baseline = [&, blas_gemm, i = [](index_t x) { return static_cast<int>(x); }] {
      blas_gemm(101, ta ? 112 : 111, tb ? 112 : 111, i(s.m), i(s.n), i(s.k), T(1), a.data(), i(s.lda),
                b.data(), i(s.ldb), T(0), y.data(), i(s.ldc));
    };
  report.measure(
      name, work, [&] { kernels::gemm(s, a.data(), b.data(), y.data()); }, baseline);
}

}  // namespace

void gemm(Report& report) {
  const Blas blas(report.options());
  if (!blas.kernels().empty()) report.set_blas_kernels(blas.kernels());
  for (const char* type : {"f32", "f64"})
    for (const std::string layout : {"NN", "NT", "TN", "TT"})
      for (const Size& c : sizes) {
        const std::string name = concat("gemm ", type, " ", layout, " ", c.m, "x", c.n, "x", c.k);
        if (!report.is_selected(name)) continue;
        if (type[1] == '3')
          run_case<float>(report, blas, name, layout, c);
        else
          run_case<double>(report, blas, name, layout, c);
      }
}

}  // namespace heed::bench
