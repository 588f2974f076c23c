#include "lessons/support/claims.h"

#include <gtest/gtest.h>

#include "autograd/error.h"

namespace heed::lessons {
namespace {

Claim claim(double x, Verdict verdict = Verdict::holds) {
  return {"id", "text", {"about ", number(x, 1), " times, ", percentage(x / 10)}, verdict};
}

TEST(Claims, NumbersAreFormattedWithTheirUnits) {
  EXPECT_EQ(to_string({"a ", number(2.25, 1), " b ", percentage(0.975), " ", power(1.3e-7)}),
            "a 2.2 b 97.5 % 1.3e-07");
}

TEST(Claims, OverSeedsEachNumberIsItsMeanAndRange) {
  EXPECT_EQ(measured_over({claim(1), claim(2), claim(6)}),
            "about 3.0 (1.0 to 6.0) times, 30.0 (10.0 to 60.0) %");
  EXPECT_EQ(measured_over({claim(1), claim(1)}), "about 1.0 times, 10.0 %");
}

TEST(Claims, OverSeedsTheVerdictIsCommonOrCounted) {
  EXPECT_EQ(verdict_over({claim(1), claim(2)}), "holds");
  EXPECT_EQ(verdict_over({claim(1), claim(2, Verdict::does_not_hold), claim(3)}), "holds for 2 of 3 seeds");
  EXPECT_EQ(verdict_over({claim(1, Verdict::by_construction)}), "true by construction");
}

TEST(Claims, RunsThatCouldNotMeasureAreLeftOut) {
  const Claim busy{"id", "text", {"the machine is busy"}, Verdict::not_measured};
  EXPECT_EQ(measured_over({busy, claim(1), claim(3)}), "about 2.0 (1.0 to 3.0) times, 20.0 (10.0 to 30.0) %");
  EXPECT_EQ(verdict_over({busy, claim(1), claim(3)}), "holds for 2 of 3 seeds, not measured for 1");
  EXPECT_EQ(measured_over({busy, busy}), "the machine is busy");
  EXPECT_EQ(verdict_over({busy, busy}), "could not be measured");
}

TEST(Claims, RunsMustHaveEquallyManyParts) {
  EXPECT_THROW(measured_over({claim(1), {"id", "text", {"no number"}, Verdict::holds}}), Error);
}

}  // namespace
}  // namespace heed::lessons
