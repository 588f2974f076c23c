#include "tests/bench/fit.h"

#include <algorithm>
#include <cmath>

#include "autograd/error.h"

namespace heed::bench {

double PowerLaw::operator()(double size) const { return factor * std::pow(size, exponent); }

PowerLaw fit_power_law(const std::vector<double>& sizes, const std::vector<double>& costs) {
  check(sizes.size() == costs.size(), "fit", sizes.size(), " sizes and ", costs.size(),
        " costs; there must be one cost for each size");
  const auto has_log = [](double v) { return v > 0 && std::isfinite(v); };
  check(std::all_of(sizes.begin(), sizes.end(), has_log) && std::all_of(costs.begin(), costs.end(), has_log),
        "fit", "sizes and costs must be above 0 and finite");
  const auto n = static_cast<double>(sizes.size());
  double mean_x = 0, mean_y = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    mean_x += std::log(sizes[i]) / n, mean_y += std::log(costs[i]) / n;
  double across = 0, along = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const double x = std::log(sizes[i]) - mean_x;
    across += x * x, along += x * (std::log(costs[i]) - mean_y);
  }
  check(across > 0, "fit", "a line needs two different sizes");
  const double slope = along / across;
  return {std::exp(mean_y - slope * mean_x), slope};
}

}  // namespace heed::bench
