// timing.h — medians of repeated runs, and the ceilings that they are compared with.
#pragma once

#include <chrono>
#include <ctime>
#include <functional>

namespace heed::bench {

inline double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// What is read: a clock on the wall, or the processor time of all threads together, which stands still while another program
// has its turn.
enum class Clock { wall, processor };
inline double seconds(Clock clock) {
  return clock == Clock::wall ? seconds() : static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

struct Timing {
  double median = 0, spread = 0;  // seconds a call; (third quartile - first) / median
};
struct Pair {
  Timing ours, rival;
};

// The median of at least 5 samples and at least `min_time` seconds. Calls too short for the clock are timed
// several at once. With a rival the two are sampled in turn.
Pair time(double min_time, Clock clock, const std::function<void()>& run,
          const std::function<void()>& rival = nullptr);

// FMA peak in GFLOP/s on `threads` threads at once: the best of many short bursts, for a burst that another
// program disturbed says nothing about the CPU.
template <class T>
double fma_peak(int threads);

// GB/s at which all threads together read memory that no cache holds: the best of several passes.
double read_bandwidth();

}  // namespace heed::bench
