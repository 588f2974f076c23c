// average.h — a moving average of the weights, which often generalises better than the weights
// themselves.
#pragma once

#include <vector>

#include "autograd/tensor.h"

namespace heed::optim {

// After each step: average = decay * average + (1 - decay) * weight. swap() exchanges the
// parameters and their averages, to evaluate or to save the averages; a second swap() restores the
// weights. If the dtype of a parameter has changed, its average is converted. Polyak, Juditsky,
// "Acceleration of stochastic approximation by averaging", 1992, with exponential weights.
class WeightAverage {
 public:
  // Initialises the averages with the parameters. Throws "[WeightAverage] …" if decay is outside
  // [0, 1).
  WeightAverage(std::vector<Tensor> parameters, double decay = 0.999);
  void update();
  void swap();
  const std::vector<Tensor>& averages() const { return averages_; }

 private:
  void match_dtypes();
  std::vector<Tensor> parameters_, averages_;
  double decay_;
};

}  // namespace heed::optim
