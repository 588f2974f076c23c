#include "optim/average.h"

#include "autograd/graph.h"

namespace heed::optim {

WeightAverage::WeightAverage(std::vector<Tensor> parameters, double decay)
    : parameters_(std::move(parameters)), decay_(decay) {
  check(decay >= 0 && decay < 1, "WeightAverage", "expected decay in [0, 1), got ", decay);
  for (const Tensor& p : parameters_) {
    check(p.defined(), "WeightAverage", "expected defined parameters, got ", p);
    averages_.push_back(p.detach().clone());
  }
}

void WeightAverage::match_dtypes() {
  for (std::size_t i = 0; i < parameters_.size(); ++i) averages_[i] = averages_[i].to(parameters_[i].dtype());
}

void WeightAverage::update() {
  const NoGrad no_grad;
  match_dtypes();
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    averages_[i].mul_(decay_).add_(parameters_[i], 1 - decay_);
}

void WeightAverage::swap() {
  const NoGrad no_grad;
  match_dtypes();
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Tensor weights = parameters_[i].clone();
    parameters_[i].copy_(averages_[i]);
    averages_[i].copy_(weights);
  }
}

}  // namespace heed::optim
