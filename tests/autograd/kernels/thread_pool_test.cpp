#include "autograd/kernels/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
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
  for (const int threads : {1, 2, 3, 7}) {
    set_num_threads(threads);
    for (const std::int64_t n : {0, 1, 2, 5, 100, 1001}) {
      std::vector<std::atomic<int>> visits(static_cast<std::size_t>(n));
      parallel_for(n, 3, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
      });
      for (const auto& v : visits) ASSERT_EQ(v, 1);
    }
  }
}

TEST_F(ThreadPool, OnlyTheLastRangeMayBeShorterThanTheGrain) {
  set_num_threads(4);
  parallel_for(1000, 64,
               [](std::int64_t begin, std::int64_t end) { EXPECT_TRUE(end - begin >= 64 || end == 1000); });
}

TEST_F(ThreadPool, RethrowsAnExceptionAndRemainsUsable) {
  set_num_threads(3);
  for (int round = 0; round < 20; ++round) {
    EXPECT_THROW(parallel_for(100, 1,
                              [](std::int64_t begin, std::int64_t) {
                                if (begin >= 50) throw std::runtime_error("from a worker");
                              }),
                 std::runtime_error);
    std::atomic<std::int64_t> sum = 0;
    parallel_for(100, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) sum += i;
    });
    EXPECT_EQ(sum, 4950);
  }
}

TEST_F(ThreadPool, ANestedCallRunsInline) {
  set_num_threads(4);
  parallel_for(8, 1, [](std::int64_t, std::int64_t) {
    const auto here = std::this_thread::get_id();
    parallel_for(100, 1, [&](std::int64_t, std::int64_t) { EXPECT_EQ(std::this_thread::get_id(), here); });
  });
}

TEST_F(ThreadPool, TwoCallersAtOnceBothFinish) {
  set_num_threads(3);
  std::atomic<std::int64_t> total = 0;
  const auto work = [&] {
    for (int round = 0; round < 200; ++round)
      parallel_for(64, 1, [&](std::int64_t begin, std::int64_t end) { total += end - begin; });
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_EQ(total, 2 * 200 * 64);
}

TEST_F(ThreadPool, MoreThanOneThreadWorks) {
  set_num_threads(2);
  std::mutex mutex;
  std::set<std::thread::id> seen;
  for (int round = 0; round < 200 && seen.size() < 2; ++round)
    parallel_for(8, 1, [&](std::int64_t, std::int64_t) {
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
