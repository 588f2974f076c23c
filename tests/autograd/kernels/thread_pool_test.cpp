#include "autograd/kernels/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "autograd/error.h"

namespace heed::kernels {
namespace {

class ThreadPool : public testing::Test {
 protected:
  void SetUp() override { before_ = num_threads(); }
  void TearDown() override { set_num_threads(before_); }
  int before_ = 1;
};

TEST_F(ThreadPool, EveryIndexIsVisitedOnce) {
  const AlwaysParallel always;
  for (const int threads : {1, 2, 3, 7}) {
    set_num_threads(threads);
    for (const std::int64_t n : {0, 1, 2, 5, 100, 1001}) {
      std::vector<std::atomic<int>> visits(static_cast<std::size_t>(n));
      parallel_for(n, 1e6, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
      });
      for (const auto& v : visits) ASSERT_EQ(v, 1);
    }
  }
}

TEST_F(ThreadPool, NoRangeIsTooShortToBeWorthHandingOver) {
  set_num_threads(4);
  const double item_ns = 200;  // 1,000 items are 200 µs, which is enough to wake the workers
  parallel_for(1000, item_ns, [](std::int64_t begin, std::int64_t end) {
    EXPECT_TRUE(end - begin >= 12 || end == 1000) << begin << " to " << end;
  });
}

TEST_F(ThreadPool, ShortWorkRunsInline) {
  set_num_threads(4);
  int calls = 0;  // not atomic: there is only this thread
  parallel_for(1000, 1, [&](std::int64_t begin, std::int64_t end) {
    ++calls;
    EXPECT_EQ(end - begin, 1000);
  });
  EXPECT_EQ(calls, 1);
}

// The workers spin for less than a millisecond after their last job. Then they sleep, and work that
// is too short to wake them runs inline.
TEST_F(ThreadPool, SleepingWorkersUseNoProcessorTimeAndAreNotWokenForShortWork) {
  set_num_threads(4);
  parallel_for(64, 1e6, [](std::int64_t, std::int64_t) {});
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const std::clock_t before = std::clock();  // of all threads
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 100);
  const auto here = std::this_thread::get_id();
  parallel_for(1000, 50, [&](std::int64_t, std::int64_t) { EXPECT_EQ(std::this_thread::get_id(), here); });
}

TEST_F(ThreadPool, ManyJobsInSuccessionAreEachCompleted) {
  const AlwaysParallel always;
  set_num_threads(4);
  for (int round = 0; round < 20'000; ++round) {
    std::atomic<int> items = 0;
    const std::int64_t n = 2 + round % 17;
    parallel_for(n, 1e6,
                 [&](std::int64_t begin, std::int64_t end) { items += static_cast<int>(end - begin); });
    ASSERT_EQ(items, n);
  }
}

TEST_F(ThreadPool, RethrowsAnExceptionAndRemainsUsable) {
  const AlwaysParallel always;
  set_num_threads(3);
  for (int round = 0; round < 20; ++round) {
    EXPECT_THROW(parallel_for(100, 1e6,
                              [](std::int64_t, std::int64_t end) {
                                if (end > 50) throw std::runtime_error("from a range");
                              }),
                 std::runtime_error);
    std::atomic<std::int64_t> sum = 0;
    parallel_for(100, 1e6, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) sum += i;
    });
    EXPECT_EQ(sum, 4950);
  }
}

TEST_F(ThreadPool, ANestedCallRunsInline) {
  set_num_threads(4);
  parallel_for(8, 1e6, [](std::int64_t, std::int64_t) {
    const auto here = std::this_thread::get_id();
    parallel_for(100, 1e6, [&](std::int64_t, std::int64_t) { EXPECT_EQ(std::this_thread::get_id(), here); });
  });
}

TEST_F(ThreadPool, TwoCallersAtOnceBothFinish) {
  const AlwaysParallel always;
  set_num_threads(3);
  std::atomic<std::int64_t> total = 0;
  const auto work = [&] {
    for (int round = 0; round < 200; ++round)
      parallel_for(64, 1e6, [&](std::int64_t begin, std::int64_t end) { total += end - begin; });
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_EQ(total, 2 * 200 * 64);
}

TEST_F(ThreadPool, MoreThanOneThreadWorks) {
  const AlwaysParallel always;
  set_num_threads(2);
  std::mutex mutex;
  std::set<std::thread::id> seen;
  for (int round = 0; round < 200 && seen.size() < 2; ++round)
    parallel_for(8, 1e6, [&](std::int64_t, std::int64_t) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      const std::lock_guard lock(mutex);
      seen.insert(std::this_thread::get_id());
    });
  EXPECT_EQ(seen.size(), 2U);
}

TEST_F(ThreadPool, RejectsAnInvalidNumberOfThreads) {
  for (const int n : {0, -3, 257}) {
    try {
      set_num_threads(n);
      FAIL();
    } catch (const Error& e) {
      EXPECT_EQ(std::string(e.what()),
                "[set_num_threads] expected an integer from 1 to 256, got " + std::to_string(n));
    }
  }
}

// The environment is read once per process, so each invalid value needs a child process.
TEST(ThreadPoolDeathTest, AnInvalidHeedThreadsThrows) {
  for (const char* text : {"0", "-1", "abc", "1000", "2x"}) {
    EXPECT_EXIT(
        {
          setenv("HEED_THREADS", text, 1);
          try {
            num_threads();
          } catch (const Error& e) {
            fputs(e.what(), stderr);
            _exit(7);
          }
        },
        testing::ExitedWithCode(7),
        std::string("\\[HEED_THREADS\\] expected an integer from 1 to 256, got \"") + text + "\"");
  }
}

}  // namespace
}  // namespace heed::kernels
