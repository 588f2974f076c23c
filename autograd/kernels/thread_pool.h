// thread_pool.h — one persistent pool of worker threads for the whole process.
//
// Work is split over output elements only, so a result never depends on how many threads ran.
#pragma once

#include <cstdint>
#include <memory>

namespace heed {

// Threads that `parallel_for` may use: HEED_THREADS, else the CPUs in the affinity mask.
int num_threads();
// Changes it from now on (1 … 256). Throws Error "[set_num_threads] …" outside of that.
void set_num_threads(int n);

namespace kernels {

// A non-owning reference to a callable `void(begin, end)`; lives only during the call.
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

// Runs body(begin, end) over disjoint ranges that cover [0, n), no range shorter than `grain` unless
// it is the last. The caller works too and returns when all is done. Runs inline when n <= grain, when
// one thread is set, or when called from inside another parallel_for. The first exception thrown by
// a range is rethrown here, after every running range has ended.
void parallel_for(std::int64_t n, std::int64_t grain, RangeFunction body);

}  // namespace kernels
}  // namespace heed
