// attention.cpp — heed-bench attention: 8 heads of size 64, n tokens. The time is O(n²), the memory
// O(n).
#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tests/bench/bench.h"

namespace heed::bench {

void attention(Report& report) {
  for (const index_t n : {256, 512, 1024, 2048, 4096, 8192, 16384}) {
    const std::string name = concat("attention ", n);
    if (!report.is_selected(name + " forward") && !report.is_selected(name + " training")) continue;
    // Longer sequences take seconds per call, so they run only if --filter selects them.
    if (n > 4096 && report.options().filter.empty()) continue;
    Generator gen(0);
    Tensor q = randn({1, 8, n, 64}, gen), k = randn({1, 8, n, 64}, gen), v = randn({1, 8, n, 64}, gen);
    const Tensor dy = randn({1, 8, n, 64}, gen);
    const double flops = 4.0 * 8 * 64 * static_cast<double>(n) * static_cast<double>(n);
    report.measure(name + " forward", {.flops = flops}, [&] {
      const NoGrad no_grad;
      scaled_dot_product_attention(q, k, v);
    });
    for (Tensor* t : {&q, &k, &v}) t->set_requires_grad();
    report.measure(name + " training", {.flops = 3 * flops}, [&] {
      for (Tensor* t : {&q, &k, &v}) t->zero_grad();
      scaled_dot_product_attention(q, k, v).backward(dy);
    });
  }
}

}  // namespace heed::bench
