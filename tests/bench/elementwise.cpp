// elementwise.cpp — heed-bench elementwise: memory-bound ops, and the overhead of a single small
// op.
#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tests/bench/bench.h"

namespace heed::bench {

void elementwise(Report& report) {
  Generator gen(0);
  for (const index_t rows : {32, 4096}) {
    constexpr index_t columns = 1024;
    const Tensor a = randn({rows, columns}, gen), b = randn({rows, columns}, gen);
    const Tensor gamma = ones({columns}), beta = zeros({columns});
    const double bytes = static_cast<double>(rows * columns) * 4;
    const auto pass = [&](const char* name, double arrays, const std::function<void()>& run) {
      report.measure(concat(name, " ", rows, "x", columns), {.bytes = arrays * bytes}, [&] {
        const NoGrad no_grad;
        run();
      });
    };
    pass("add", 3, [&] { a + b; });
    pass("add row", 2, [&] { a + beta; });
    pass("relu", 2, [&] { relu(a); });
    pass("exp", 2, [&] { exp(a); });
    pass("gelu", 2, [&] { gelu(a); });
    pass("softmax", 2, [&] { softmax(a, -1); });
    pass("layer_norm", 2, [&] { layer_norm(a, gamma, beta); });
    pass("dropout", 2, [&] { dropout(a, 0.1, gen); });
    pass("sum", 1, [&] { sum(a); });
    pass("sum of columns", 1, [&] { sum(a, 0); });
    pass("transpose", 2, [&] { a.transpose(0, 1).contiguous(); });
  }
  Tensor x = ones({1}), w = ones({1}).set_requires_grad();
  report.measure("one op, not recorded", {}, [&] {
    const NoGrad no_grad;
    x* w;
  });
  report.measure("one op, recorded", {}, [&] { x* w; });
  report.measure("one op and its backward", {}, [&] {
    w.zero_grad();
    (x * w).backward();
  });
}

}  // namespace heed::bench
