// timing.h — medians of repeated runs, and the ceiling that they are compared with.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

#include "autograd/kernels/gemm_tiles.h"
#include "autograd/kernels/thread_pool.h"

namespace heed::bench {

inline double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Timing {
  double median = 0, spread = 0;  // seconds a call; (third quartile - first) / median
};

// The median of at least 5 samples and at least `min_time` seconds. Calls too short for the clock are timed
// several at once.
template <class Run>
Timing time(double min_time, Run&& run) {
  run();  // the caches and the allocator's lists are warm from here on
  double start = seconds();
  run();
  const int calls = std::max(1, static_cast<int>(2e-4 / (seconds() - start + 1e-9)));
  std::vector<double> samples;
  const double stop = seconds() + min_time;
  while (samples.size() < 5 || seconds() < stop) {
    start = seconds();
    for (int i = 0; i < calls; ++i) run();
    samples.push_back((seconds() - start) / calls);
  }
  std::sort(samples.begin(), samples.end());
  const std::size_t n = samples.size();
  return {samples[n / 2], (samples[n * 3 / 4] - samples[n / 4]) / samples[n / 2]};
}

// FMA peak in GFLOP/s on `threads` threads at once: the best of many short bursts, for a burst that another
// program disturbed says nothing about the CPU.
template <class T>
double fma_peak(int threads) {
  double best = 0;
  for (int burst = 0; burst < 20; ++burst) {
    std::vector<double> flops(static_cast<std::size_t>(threads));
    const double start = seconds();
    kernels::parallel_for(threads, 1, [&](kernels::index_t begin, kernels::index_t end) {
      for (auto i = begin; i < end; ++i) {
        T sink[64] = {};
        flops[static_cast<std::size_t>(i)] = kernels::kernels<T>().gemm->fma_peak(400'000, sink);
      }
    });
    const double taken = seconds() - start;
    double total = 0;
    for (const double f : flops) total += f;
    best = std::max(best, total / taken * 1e-9);
  }
  return best;
}

}  // namespace heed::bench
