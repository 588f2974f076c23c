// Trials with simulated times: no thread and no clock.
#include "autograd/kernels/trials.h"

#include <gtest/gtest.h>

namespace heed::kernels {
namespace {

// A program whose jobs are estimated at 20 µs and really take as long as the test says.
class Program {
 public:
  // Runs jobs and returns the fraction of them that was shared.
  double run(int jobs, double alone_us, double shared_us) {
    int shared = 0;
    for (int i = 0; i < jobs; ++i) {
      const bool parallel = trials_.begin(20'000, now_);
      shared += parallel;
      wait(parallel ? shared_us : alone_us);
    }
    return static_cast<double>(shared) / jobs;
  }
  void wait(double us) { now_ += std::chrono::nanoseconds(static_cast<std::int64_t>(us * 1000)); }
  Trials& trials() { return trials_; }

 private:
  Trials trials_;
  Trials::Clock::time_point now_{std::chrono::seconds(1000)};
};

TEST(Trials, ThePoolIsNotUsedBeforeJobsHaveTaken2Ms) {
  Program program;
  EXPECT_EQ(program.run(99, 20, 10), 0);
}

TEST(Trials, UsesThreadsIfThatIsFaster) { EXPECT_GT(Program().run(100'000, 20, 12), 0.98); }

TEST(Trials, UsesOneThreadIfThatIsFaster) { EXPECT_LT(Program().run(100'000, 20, 30), 0.02); }

TEST(Trials, UsesOneThreadIfNothingIsGained) { EXPECT_LT(Program().run(100'000, 20, 20), 0.02); }

TEST(Trials, AdaptsWhenTheMachineChanges) {
  Program program;
  EXPECT_GT(program.run(50'000, 20, 12), 0.95);
  EXPECT_LT(program.run(100'000, 20, 40), 0.3);  // the first trial after the change may be late
  EXPECT_GT(program.run(100'000, 20, 12), 0.7);
}

TEST(Trials, APauseOfTheProgramDoesNotCount) {
  Program program;
  program.run(50'000, 20, 12);
  for (int i = 0; i < 50; ++i) {
    program.wait(1e6);
    EXPECT_GT(program.run(1'000, 20, 12), 0.8) << "after pause " << i;
  }
}

TEST(Trials, SkippedTimeDoesNotCount) {
  Program with_long_jobs;
  int shared = 0;
  for (int i = 0; i < 100'000; ++i) {
    // Long jobs take much longer while short ones are shared, which must not matter.
    const bool parallel = with_long_jobs.run(1, 20, 12) > 0;
    shared += parallel;
    const double long_us = parallel ? 90 : 1;
    with_long_jobs.wait(long_us);
    with_long_jobs.trials().skip(std::chrono::microseconds(static_cast<int>(long_us)));
  }
  EXPECT_GT(shared, 95'000);
}

}  // namespace
}  // namespace heed::kernels
