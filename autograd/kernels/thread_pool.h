// thread_pool.h — one persistent pool of worker threads for the whole process.
//
// Work is split over output elements only, so results do not depend on the number of threads.
#pragma once

#include <cstdint>
#include <memory>

namespace heed::kernels {

// Returns the number of threads that parallel_for() may use: HEED_THREADS if it is set, otherwise
// the number of CPUs in the process's affinity mask. Throws Error "[HEED_THREADS] …" if the
// variable is not an integer from 1 to 256.
int num_threads();
// Sets that number. Throws Error "[set_num_threads] …" unless 1 <= n <= 256.
void set_num_threads(int n);

// A non-owning reference to a callable void(begin, end), valid only during the call.
class RangeFunction {
 public:
  template <class F>
  RangeFunction(const F& f)  // NOLINT(google-explicit-constructor): a lambda is the usual argument
      : object_(std::addressof(f)), call_([](const void* object, std::int64_t begin, std::int64_t end) {
          (*static_cast<const F*>(object))(begin, end);
        }) {}
  void operator()(std::int64_t begin, std::int64_t end) const { call_(object_, begin, end); }

 private:
  const void* object_;
  void (*call_)(const void*, std::int64_t, std::int64_t);
};

// Estimated costs for parallel_for(): nanoseconds per element on one thread.
inline constexpr double cheap_ns = 0.1;   // addition, copies
inline constexpr double costly_ns = 0.4;  // exp, softmax, random numbers

// Calls body(begin, end) for disjoint ranges that cover [0, n), each at least a few microseconds of
// work. `item_ns` estimates the cost of one item in nanoseconds. The calling thread takes part and
// returns when all ranges are done. Runs inline if other threads would save no time: if the work is
// shorter than handing it over, or than waking the workers if they sleep. Also runs inline if only
// one thread is configured, or inside another parallel_for(). Rethrows the first exception of a
// range after all running ranges have ended.
void parallel_for(std::int64_t n, double item_ns, RangeFunction body);

// For tests and for measuring the peak: during its lifetime, parallel_for() uses the workers even if
// that saves no time.
class AlwaysParallel {
 public:
  AlwaysParallel();
  ~AlwaysParallel();
  AlwaysParallel(const AlwaysParallel&) = delete;
  AlwaysParallel& operator=(const AlwaysParallel&) = delete;
};

}  // namespace heed::kernels
