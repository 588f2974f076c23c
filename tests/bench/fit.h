// fit.h — fits a power law to measured costs.
#pragma once

#include <vector>

namespace heed::bench {

// cost = factor · size^exponent
struct PowerLaw {
  double factor = 0, exponent = 0;
  double operator()(double size) const;
};

// Fits a line to the points (log size, log cost) by least squares. Throws "[fit] …" if there are
// fewer than two different sizes, or if a size or cost is not positive and finite.
PowerLaw fit_power_law(const std::vector<double>& sizes, const std::vector<double>& costs);

}  // namespace heed::bench
