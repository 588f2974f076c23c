// fit_test.cpp — the fit recovers the exponent of exact power laws.
#include "tests/bench/fit.h"

#include <cmath>

#include "tests/testing.h"

namespace heed::bench {
namespace {

TEST(Fit, RecoversTheExponentOfAPowerLaw) {
  const std::vector<double> sizes = {128, 256, 512, 1024, 4096};
  for (const double exponent : {0.0, 0.5, 1.0, 2.0, 3.0}) {
    std::vector<double> costs;
    for (const double size : sizes) costs.push_back(0.25 * std::pow(size, exponent));
    const PowerLaw law = fit_power_law(sizes, costs);
    EXPECT_NEAR(law.exponent, exponent, 1e-12);
    EXPECT_NEAR(law.factor, 0.25, 1e-10);
    EXPECT_NEAR(law(2048) / (0.25 * std::pow(2048, exponent)), 1, 1e-10);
  }
}

// Costs 1, 4, 4 at 1, 2, 4: on base-2 log scales, the points are (0, 0), (1, 2), (2, 2), whose line
// has slope 1.
TEST(Fit, MinimisesTheSquaredErrorOfTheLogarithms) {
  const PowerLaw law = fit_power_law({1, 2, 4}, {1, 4, 4});
  EXPECT_NEAR(law.exponent, 1, 1e-12);
  EXPECT_NEAR(law.factor, std::pow(2, 1.0 / 3), 1e-12);
}

TEST(Fit, RejectsInvalidSizesAndCosts) {
  EXPECT_EQ(error_of([] {
              fit_power_law({1, 2}, {1});
            }),
            "[fit] expected one cost per size, got 2 sizes and 1 costs");
  EXPECT_EQ(error_of([] {
              fit_power_law({1, 2}, {1, 0});
            }),
            "[fit] expected positive, finite sizes and costs");
  EXPECT_EQ(error_of([] { fit_power_law({2, 2}, {1, 3}); }), "[fit] expected at least two different sizes");
  EXPECT_EQ(error_of([] { fit_power_law({}, {}); }), "[fit] expected at least two different sizes");
}

}  // namespace
}  // namespace heed::bench
