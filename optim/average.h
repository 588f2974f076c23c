// average.h — a moving average of the weights, which often tests better than the weights themselves.
#pragma once

#include <vector>

#include "autograd/tensor.h"

namespace heed::optim {

// average = decay * average + (1 - decay) * weight, after each step. swap() puts the average into the parameters,
// to test or to save them, and a second swap() puts the weights back. Polyak, Juditsky, "Acceleration of stochastic
// approximation by averaging", 1992, with exponential weights. After a model's to(), the averages
// are converted, too.
class WeightAverage {
 public:
  // Starts as the parameters are. Throws "[WeightAverage] …" for a decay outside [0, 1).
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
