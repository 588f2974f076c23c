// fit.h — by which power of a size does a cost grow?
#pragma once

#include <vector>

namespace heed::bench {

// cost = factor · size^exponent
struct PowerLaw {
  double factor = 0, exponent = 0;
  double operator()(double size) const;
};

// The straight line through the points (log size, log cost) by least squares. Throws "[fit] …" for fewer than two sizes, sizes
// that are all equal, or a number that has no logarithm.
PowerLaw fit_power_law(const std::vector<double>& sizes, const std::vector<double>& costs);

}  // namespace heed::bench
