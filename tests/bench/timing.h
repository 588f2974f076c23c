// timing.h — median times of repeated runs, and the peak performance of the machine.
#pragma once

#include <chrono>
#include <ctime>
#include <functional>

namespace heed::bench {

inline double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// `wall` reads a monotonic clock. `processor` reads the CPU time of all threads of this process
// together; it excludes the time in which other programs run.
enum class Clock { wall, processor };
inline double seconds(Clock clock) {
  return clock == Clock::wall ? seconds() : static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

struct Timing {
  double median = 0, spread = 0;  // seconds per call; interquartile range / median
};
struct Timings {
  Timing heed, baseline;
};

// Takes at least 5 samples, and samples for at least `min_time` seconds. If a call is too short for
// the resolution of the clock, a sample consists of several calls. Samples of `run` and `baseline`
// alternate.
Timings time(double min_time, Clock clock, const std::function<void()>& run,
             const std::function<void()>& baseline = nullptr);

// Returns the FMA peak in GFLOP/s with `threads` threads. It is the best of many short bursts,
// because other programs may slow down some of them.
template <class T>
double fma_peak(int threads);

// Returns the bandwidth in GB/s at which all threads together read an array larger than the caches;
// the best of several passes.
double read_bandwidth();

}  // namespace heed::bench
