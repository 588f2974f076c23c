// schedule_test.cpp — cases that tests/golden does not cover: schedules that PyTorch lacks, the
// ends, invalid options.
#include "optim/schedule.h"

#include <cmath>

#include "tests/testing.h"

namespace heed::optim {
namespace {

TEST(Schedule, ConstantIsConstant) {
  const Constant schedule({.lr = 0.3});
  EXPECT_EQ(schedule(0), 0.3);
  EXPECT_EQ(schedule(1'000'000), 0.3);
}

TEST(Schedule, WarmupRisesLinearlyAndThenFalls) {
  const WarmupLinear linear({.peak = 1, .warmup = 4, .total = 8});
  const double want[] = {0.25, 0.5, 0.75, 1, 1, 0.75, 0.5, 0.25, 0, 0};
  for (int i = 0; i < 10; ++i) EXPECT_NEAR(linear(i), want[i], 1e-15) << i;
  const WarmupCosine cosine({.peak = 1, .warmup = 2, .total = 6, .low = 0.2});
  EXPECT_EQ(cosine(0), 0.5);
  EXPECT_EQ(cosine(1), 1);
  EXPECT_NEAR(cosine(4), 0.6, 1e-15) << "half-way down";
  EXPECT_NEAR(cosine(6), 0.2, 1e-15);
  EXPECT_NEAR(cosine(600), 0.2, 1e-15) << "constant after the end";
  EXPECT_EQ(WarmupCosine({.peak = 1, .warmup = 0, .total = 2})(0), 1);
}

TEST(Schedule, RatesStayConstantAfterTheEnd) {
  EXPECT_NEAR(Cosine({.lr = 1, .total = 3, .low = 0.1})(99), 0.1, 1e-15);
  EXPECT_NEAR(OneCycle({.peak = 1, .total = 10})(99), 1 / 25.0 / 1e4, 1e-15);
}

TEST(Schedule, RejectsInvalidOptions) {
  EXPECT_EQ(error_of([] { Constant({.lr = -1}); }), "[Constant] expected a finite lr >= 0, got -1");
  EXPECT_EQ(error_of([] { Constant({.lr = INFINITY}); }), "[Constant] expected a finite lr >= 0, got inf");
  EXPECT_EQ(error_of([] { Step({.every = 0}); }), "[Step] expected every >= 1, got 0");
  EXPECT_EQ(error_of([] { Step({.gamma = -1}); }), "[Step] expected a finite gamma >= 0, got -1");
  EXPECT_EQ(error_of([] { Cosine({.total = 0}); }), "[Cosine] expected total >= 1, got 0");
  EXPECT_EQ(error_of([] { WarmupCosine({.warmup = 5, .total = 5}); }),
            "[WarmupCosine] expected 0 <= warmup < total, got warmup 5 and total 5");
  EXPECT_EQ(error_of([] { WarmupLinear({.peak = NAN}); }),
            "[WarmupLinear] expected a finite peak >= 0, got nan");
  EXPECT_EQ(error_of([] { OneCycle({.total = 10, .up = 1}); }), "[OneCycle] expected up in (0, 1), got 1");
  EXPECT_EQ(error_of([] { Lambda({}); }),
            "[Lambda] expected a factor, got none. Hint: {.factor = [](std::int64_t step) { … }}");
  EXPECT_EQ(error_of([] { Noam({.warmup = 0}); }),
            "[Noam] expected d_model >= 1 and warmup >= 1, got 512 and 0");
  EXPECT_EQ(error_of([] { WarmRestarts({.first = 0}); }),
            "[WarmRestarts] expected first >= 1 and times >= 1, got 0 and 1");
  EXPECT_EQ(error_of([] { OneCycle({.total = 1}); }), "[OneCycle] expected total >= 2, got 1");
  EXPECT_EQ(error_of([] { OneCycle({.total = 10, .start = 0.5}); }),
            "[OneCycle] expected start >= 1 and finish >= 1, got 0.5 and 10000; the learning rate is divided "
            "by them");
}

}  // namespace
}  // namespace heed::optim
