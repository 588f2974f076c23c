#include "tests/bench/fit.h"

#include <algorithm>
#include <cmath>

#include "autograd/error.h"

namespace heed::bench {

double PowerLaw::operator()(double size) const { return factor * std::pow(size, exponent); }

PowerLaw fit_power_law(const std::vector<double>& sizes, const std::vector<double>& costs) {
  check(sizes.size() == costs.size(), "fit", "expected one cost per size, got ", sizes.size(), " sizes and ",
        costs.size(), " costs");
  const auto has_log = [](double v) { return v > 0 && std::isfinite(v); };
  check(std::all_of(sizes.begin(), sizes.end(), has_log) && std::all_of(costs.begin(), costs.end(), has_log),
        "fit", "expected positive, finite sizes and costs");
  const auto n = static_cast<double>(sizes.size());
  double mean_x = 0, mean_y = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    mean_x += std::log(sizes[i]) / n;
    mean_y += std::log(costs[i]) / n;
  }
  double sxx = 0, sxy = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const double x = std::log(sizes[i]) - mean_x;
    sxx += x * x;
    sxy += x * (std::log(costs[i]) - mean_y);
  }
  check(sxx > 0, "fit", "expected at least two different sizes");
  const double slope = sxy / sxx;
  return {std::exp(mean_y - slope * mean_x), slope};
}

}  // namespace heed::bench
