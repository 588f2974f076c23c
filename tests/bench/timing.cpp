#include "tests/bench/timing.h"

#include <algorithm>
#include <vector>

#include "autograd/kernels/gemm_tiles.h"
#include "autograd/kernels/thread_pool.h"

namespace heed::bench {

// The threads of another library spin for a while after its last call, and ours may be asleep.
static void warm_up(const std::function<void()>& run) {
  for (const double stop = seconds() + 1e-3; seconds() < stop;) run();
}

static double sample(Clock clock, const std::function<void()>& run, int calls) {
  const double start = seconds(clock);
  for (int i = 0; i < calls; ++i) run();
  return (seconds(clock) - start) / calls;
}

static Timing summarise(std::vector<double> samples) {
  if (samples.empty()) return {};
  std::sort(samples.begin(), samples.end());
  const std::size_t n = samples.size();
  return {samples[n / 2], (samples[n * 3 / 4] - samples[n / 4]) / samples[n / 2]};
}

Timings time(double min_time, Clock clock, const std::function<void()>& run,
             const std::function<void()>& baseline) {
  run();  // warms up the caches and the allocator's free lists
  if (baseline) baseline();
  const int calls = std::max(1, static_cast<int>(2e-4 / (sample(clock, run, 1) + 1e-9)));
  std::vector<double> heed_samples, baseline_samples;
  for (const double stop = seconds() + min_time; heed_samples.size() < 5 || seconds() < stop;) {
    if (baseline) warm_up(run);
    heed_samples.push_back(sample(clock, run, calls));
    if (!baseline) continue;
    warm_up(baseline);
    baseline_samples.push_back(sample(clock, baseline, calls));
  }
  return {summarise(heed_samples), summarise(baseline_samples)};
}

template <class T>
double fma_peak(int threads) {
  const kernels::AlwaysParallel all_bursts;  // even if the first one waits for its threads to start
  double best = 0;
  for (int burst = 0; burst < 20; ++burst) {
    std::vector<double> flops(static_cast<std::size_t>(threads));
    const double start = seconds();
    kernels::parallel_for(threads, 1e6, [&](index_t begin, index_t end) {
      for (auto i = begin; i < end; ++i) {
        T sink[64] = {};
        flops[static_cast<std::size_t>(i)] = kernels::kernels<T>().gemm->fma_peak(400'000, sink);
      }
    });
    const double elapsed = seconds() - start;
    double total = 0;
    for (const double f : flops) total += f;
    best = std::max(best, total / elapsed * 1e-9);
  }
  return best;
}
template double fma_peak<float>(int);
template double fma_peak<double>(int);

double read_bandwidth() {
  const kernels::AlwaysParallel all_passes;
  constexpr index_t rows = 1 << 14, columns = 1 << 12;  // 256 MB
  const std::vector<float> x(static_cast<std::size_t>(rows * columns), 1.0F);
  std::vector<float> sums(rows);
  double best = 0;
  for (int pass = 0; pass < 7; ++pass) {
    const double start = seconds();
    kernels::parallel_for(rows, columns * kernels::cheap_ns, [&](index_t begin, index_t end) {
      kernels::kernels<float>().sum_rows(x.data() + begin * columns, sums.data() + begin, end - begin,
                                         columns);
    });
    best = std::max(best, static_cast<double>(rows * columns) * sizeof(float) / (seconds() - start) * 1e-9);
  }
  return best;
}

}  // namespace heed::bench
