// bench.h — what the benchmarks of heed-bench share.
#pragma once

#include <string>

namespace heed::bench {

struct Options {
  int threads = 1;
  double min_time = 0.2;  // seconds a case
  std::string filter;     // only cases whose name holds this text
};

void gemm(const Options& options);

}  // namespace heed::bench
