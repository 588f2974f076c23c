#include "autograd/kernels/thread_pool.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "autograd/kernels/error.h"
#include "autograd/kernels/trials.h"

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

std::atomic<bool> always_parallel{false};
thread_local bool inside_range = false;  // a nested call runs inline

// The costs of handing work over, measured on a server with two cores. A worker that spins takes a
// range within a microsecond. Waking one that sleeps occupies the caller for 10 µs, and the worker
// starts 30 to 60 µs later. A job that takes longer than this is always shared, unless the machine is
// busy; for a shorter one, trials decide.
constexpr double min_range_ns = 2'500;
constexpr double long_job_ns = 120'000;
constexpr auto spin_time = std::chrono::microseconds(400);

// How long the pool pauses on a busy machine: twice as long after each attempt that fails.
constexpr auto shortest_pause = std::chrono::milliseconds(20), longest_pause = std::chrono::milliseconds(640);

// Spins until the condition holds or the time is over. Returns whether it holds. After a short time
// it yields the CPU between two attempts.
template <class Condition>
bool spin_until(Condition condition) {
  for (int turn = 0; turn < 500; ++turn) {
    if (condition()) return true;
    pause();
  }
  const auto stop = std::chrono::steady_clock::now() + spin_time;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > stop) return false;
    std::this_thread::yield();
  }
  return true;
}

// Runs one job at a time. Threads claim its ranges one by one, so a thread that the system suspends
// delays only one range. The caller waits until all ranges are done, not for the workers: one that
// comes too late finds no range left.
class Pool {
  using Clock = Trials::Clock;

 public:
  static Pool& instance() {
    static Pool pool;
    return pool;
  }

  struct Job {
    std::int64_t n, chunk;  // items, and items per range
    const RangeFunction* body;
    std::uint32_t ranges() const { return static_cast<std::uint32_t>((n + chunk - 1) / chunk); }
  };

  // Runs a job that takes `ns` on one thread, on the caller and at most `helpers` workers.
  void run(const Job& job, int helpers, double ns) {
    const std::unique_lock call(calls_, std::try_to_lock);
    if (!call.owns_lock()) return (*job.body)(0, job.n);  // another thread has a job
    const Clock::time_point start = Clock::now();
    if (ns < long_job_ns) {
      if (short_jobs_.begin(ns, start))
        share(job, helpers);
      else
        (*job.body)(0, job.n);
      return;
    }
    if (start < paused_until_ && !always_parallel) {
      (*job.body)(0, job.n);
    } else {
      const Clock::duration alone = share(job, helpers);
      judge(alone, Clock::now() - start);
    }
    short_jobs_.skip(Clock::now() - start);
  }

 private:
  // The number of the current job and how many of its ranges are not claimed yet. Both change in
  // one atomic step, so a range can be claimed only from the job it belongs to.
  struct Claim {
    std::uint32_t job, left;
    static Claim of(std::uint64_t packed) {
      return {static_cast<std::uint32_t>(packed >> 32), static_cast<std::uint32_t>(packed)};
    }
    std::uint64_t packed() const { return std::uint64_t{job} << 32 | left; }
  };

  ~Pool() {
    stopping_ = true;
    ++wakes_;
    wakes_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  // Runs a job on several threads. Returns an estimate of its time on the caller alone.
  Clock::duration share(const Job& job, int helpers) {
    const Clock::time_point start = Clock::now();
    while (static_cast<int>(workers_.size()) < helpers) add_worker();
    job_ = job;
    seats_ = helpers;
    done_ = 0;
    failed_ = false;
    const std::uint32_t number = ++last_number_;
    open_ = Claim{number, job.ranges()}.packed();
    if (awake_ < helpers) wake(helpers);
    const int own_ranges = take_ranges(number);
    const Clock::duration own = Clock::now() - start;
    wait_until_done(job.ranges());
    if (failed_) std::rethrow_exception(std::exchange(error_, nullptr));
    return own * job.ranges() / std::max(own_ranges, 1);
  }

  void add_worker() {
    ++awake_;
    workers_.emplace_back([this] { work(); });
  }

  void wake(int count) {
    ++wakes_;
    for (int i = awake_; i < count; ++i) wakes_.notify_one();
  }

  void work() {
    std::uint32_t seen = 0;
    while (!stopping_) {
      if (!spin_until([&] { return Claim::of(open_).job != seen || stopping_; })) {
        sleep();
        continue;
      }
      seen = Claim::of(open_).job;
      if (seats_.fetch_sub(1) > 0) take_ranges(seen);
    }
  }

  void sleep() {
    const std::uint32_t before = wakes_;
    --awake_;
    wakes_.wait(before);
    ++awake_;
  }

  // Claims and runs ranges until none is left. Returns how many.
  int take_ranges(std::uint32_t number) {
    int taken = 0;
    inside_range = true;
    std::uint64_t packed = open_;
    for (Claim claim = Claim::of(packed); claim.job == number && claim.left > 0; claim = Claim::of(packed)) {
      if (!open_.compare_exchange_weak(packed, packed - 1)) continue;  // `packed` is the new value
      run_range(job_.ranges() - claim.left);
      ++taken;
      packed = open_;
    }
    inside_range = false;
    return taken;
  }

  // Runs a range that this thread has claimed. Until it is counted as done, the job stays current.
  void run_range(std::uint32_t range) {
    const std::uint32_t ranges = job_.ranges();
    const std::int64_t begin = range * job_.chunk;
    try {
      if (!failed_) (*job_.body)(begin, std::min(job_.n, begin + job_.chunk));
    } catch (...) {
      if (!failed_.exchange(true)) error_ = std::current_exception();
    }
    if (++done_ == ranges) done_.notify_one();
  }

  void wait_until_done(std::uint32_t ranges) {
    if (spin_until([&] { return done_ == ranges; })) return;
    for (std::uint32_t done = done_; done != ranges; done = done_) done_.wait(done);
  }

  // Compares the time of a job with an estimate of its time on the caller alone. If another program
  // uses the cores of the workers, jobs wait for workers that the system has suspended. The pool
  // then pauses, and tries again later.
  void judge(Clock::duration alone, Clock::duration together) {
    saved_ += alone - together;
    spent_ += together;
    if (spent_ < std::chrono::milliseconds(2)) return;
    if (saved_ < spent_ / 10) {
      paused_until_ = Clock::now() + pause_;
      pause_ = std::min(2 * pause_, longest_pause);
    } else {
      pause_ = shortest_pause;
    }
    saved_ = spent_ = {};
  }

  std::mutex calls_;
  Clock::duration saved_{}, spent_{};  // since the last decision
  Clock::time_point paused_until_;
  std::chrono::milliseconds pause_ = shortest_pause;
  Trials short_jobs_;
  Job job_{};
  std::uint32_t last_number_ = 0;
  std::exception_ptr error_;
  std::vector<std::thread> workers_;
  // Every thread polls this, so it has a cache line of its own.
  alignas(128) std::atomic<std::uint64_t> open_{0};
  alignas(128) std::atomic<std::uint32_t> done_{0};
  std::atomic<bool> failed_{false};
  alignas(128) std::atomic<std::uint32_t> wakes_{0};
  std::atomic<int> awake_{0}, seats_{0};
  std::atomic<bool> stopping_{false};
};

}  // namespace

int num_threads() { return thread_count().load(std::memory_order_relaxed); }

void set_num_threads(int n) {
  if (n < 1 || n > max_threads)
    throw Error("[set_num_threads] expected an integer from 1 to " + std::to_string(max_threads) + ", got " +
                std::to_string(n));
  thread_count().store(n, std::memory_order_relaxed);
}

AlwaysParallel::AlwaysParallel() { always_parallel = true; }
AlwaysParallel::~AlwaysParallel() { always_parallel = false; }

void parallel_for(std::int64_t n, double item_ns, RangeFunction body) {
  if (n <= 0) return;
  const int threads = num_threads();
  if (n == 1 || threads == 1 || inside_range) return body(0, n);
  double ns = item_ns * static_cast<double>(n);
  if (always_parallel) ns = std::max(ns, long_job_ns);
  // About four ranges per thread, none shorter than min_range_ns.
  const double limit = std::min(threads * 4.0, ns / min_range_ns);
  const auto ranges = static_cast<std::int64_t>(std::min(static_cast<double>(n), limit));
  if (ranges < 2) return body(0, n);
  const std::int64_t chunk = (n + ranges - 1) / ranges;
  const int helpers = static_cast<int>(std::min<std::int64_t>(threads, ranges)) - 1;
  Pool::instance().run({n, chunk, &body}, helpers, ns);
}

}  // namespace heed::kernels
