// attention.cpp — heed-bench attention: 8 heads, 64 wide, over n tokens. Time grows with n², memory with n.
#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tests/bench/bench.h"

namespace heed::bench {

void attention(Report& report) {
  for (const index_t n : {256, 512, 1024, 2048, 4096, 8192, 16384}) {
    const std::string name = concat("attention ", n);
    if (!report.wants(name + " forward") && !report.wants(name + " training")) continue;
    if (n > 4096 && report.options().filter.empty())
      continue;  // seconds a call: only where they are asked for
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
