#include "autograd/kernels/thread_pool.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "autograd/kernels/error.h"

namespace heed::kernels {

namespace {

constexpr int max_threads = 256;

// The number of CPUs that this process may run on.
int available_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::clamp(CPU_COUNT(&set), 1, max_threads);
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, max_threads);
}

int initial_threads() {
  const char* text = std::getenv("HEED_THREADS");
  if (!text || !*text) return available_cpus();
  int n = 0;
  const char* stop = text + std::strlen(text);
  const auto [end, error] = std::from_chars(text, stop, n);
  if (error != std::errc() || end != stop || n < 1 || n > max_threads)
    throw Error("[HEED_THREADS] expected an integer from 1 to " + std::to_string(max_threads) + ", got \"" +
                text + "\"");
  return n;
}

std::atomic<int>& thread_count() {
  static std::atomic<int> count{initial_threads()};
  return count;
}

// Tells the CPU that this thread is spinning, so that another thread of the same core can run.
void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

thread_local bool inside_range = false;  // a nested call runs inline

// Spins until the condition holds, for a limited time. The event often comes within microseconds,
// and waking a sleeping thread takes ten. The first half keeps the CPU, the second half yields it.
template <class Condition>
void spin_until(Condition condition) {
  for (int turn = 0; turn < 2000 && !condition(); ++turn)
    if (turn < 1000)
      pause();
    else
      std::this_thread::yield();
}

// Runs one job at a time. Threads claim its ranges one by one, so a thread that the system suspends
// delays only one range. Workers join a job, and the caller closes it, under the mutex, so that no
// worker can access a finished job.
class Pool {
 public:
  static Pool& instance() {
    static Pool pool;
    return pool;
  }

  void run(std::int64_t n, std::int64_t chunk, RangeFunction body, int threads) {
    const std::unique_lock call(calls_, std::try_to_lock);
    if (!call.owns_lock()) return body(0, n);  // another thread is using the pool
    Job job{body, n, chunk, {}, {}, {}};
    {
      const std::lock_guard lock(mutex_);
      while (static_cast<int>(workers_.size()) < threads - 1) workers_.emplace_back([this] { work(); });
      job_ = &job;
      seats_ = threads - 1;
      epoch_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    take_ranges(job);
    {
      const std::lock_guard lock(mutex_);
      job_ = nullptr;
    }
    spin_until([&] { return working_ == 0; });
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return working_ == 0; });
    if (job.error) std::rethrow_exception(job.error);
  }

 private:
  struct Job {
    RangeFunction body;
    std::int64_t n, chunk;
    std::atomic<std::int64_t> next;
    std::mutex error_mutex;
    std::exception_ptr error;
  };

  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      epoch_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  static void take_ranges(Job& job) {
    inside_range = true;
    for (;;) {
      const std::int64_t begin = job.next.fetch_add(job.chunk, std::memory_order_relaxed);
      if (begin >= job.n) break;
      try {
        job.body(begin, std::min(job.n, begin + job.chunk));
      } catch (...) {
        const std::lock_guard lock(job.error_mutex);
        if (!job.error) job.error = std::current_exception();
        job.next.store(job.n, std::memory_order_relaxed);  // no further range begins
      }
    }
    inside_range = false;
  }

  void work() {
    std::uint64_t seen = 0;
    for (;;) {
      spin_until([&] { return epoch_.load(std::memory_order_acquire) != seen; });
      Job* job = nullptr;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return epoch_.load(std::memory_order_relaxed) != seen; });
        seen = epoch_.load(std::memory_order_relaxed);
        if (stopping_) return;
        if (!job_ || seats_ == 0) continue;
        job = job_;
        --seats_;
        ++working_;
      }
      take_ranges(*job);
      {
        const std::lock_guard lock(mutex_);
        --working_;
      }
      done_.notify_one();
    }
  }

  std::mutex calls_, mutex_;
  std::condition_variable wake_, done_;
  std::atomic<std::uint64_t> epoch_{0};
  Job* job_ = nullptr;
  int seats_ = 0;
  std::atomic<int> working_{0};
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace

int num_threads() { return thread_count().load(std::memory_order_relaxed); }

void set_num_threads(int n) {
  if (n < 1 || n > max_threads)
    throw Error("[set_num_threads] expected an integer from 1 to " + std::to_string(max_threads) + ", got " +
                std::to_string(n));
  thread_count().store(n, std::memory_order_relaxed);
}

void parallel_for(std::int64_t n, std::int64_t grain, RangeFunction body) {
  if (n <= 0) return;
  const int threads = num_threads();
  grain = std::max<std::int64_t>(grain, 1);
  if (n <= grain || threads == 1 || inside_range) return body(0, n);
  // About four ranges per thread, none shorter than the grain.
  const std::int64_t ranges = std::min<std::int64_t>(n / grain, std::int64_t{threads} * 4);
  const std::int64_t chunk = (n + ranges - 1) / ranges;
  Pool::instance().run(n, chunk, body, threads);
}

}  // namespace heed::kernels
