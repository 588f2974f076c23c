#include "optim/optimizer.h"

#include <cmath>
#include <limits>
#include <set>

namespace heed::optim {

Optimizer::Optimizer(const char* name, std::vector<Tensor> parameters, double lr)
    : name_(name), parameters_(std::move(parameters)), lr_(lr) {
  check(!parameters_.empty(), name_, "there is no parameter to train");
  std::set<const TensorState*> seen;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Tensor& p = parameters_[i];
    check(p.defined(), name_, "parameter ", i, " is an undefined tensor");
    check(p.is_leaf(), name_, "parameter ", i, " ", p.shape(), " is no leaf: it was made by ",
          p.is_leaf() ? "" : p.state()->node->op, ". Hint: train what it was made from");
    check(p.requires_grad(), name_, "parameter ", i, " ", p.shape(), " does not require grad");
    check(seen.insert(p.state().get()).second, name_, "parameter ", i, " ", p.shape(),
          " stands twice in the list");
  }
  check_range("lr", lr, 0, std::numeric_limits<double>::infinity());
}

void Optimizer::check_range(const char* option, double value, double low, double high) const {
  check(std::isfinite(value) && value >= low && value < high, name_, option, " must be in [", low, ", ", high,
        "), got ", value);
}

void Optimizer::set_lr(double lr) {
  check_range("lr", lr, 0, std::numeric_limits<double>::infinity());
  lr_ = lr;
}

void Optimizer::step() {
  const NoGrad no_grad;
  ++steps_;
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    if (parameters_[i].grad().defined()) update(i, parameters_[i], parameters_[i].grad());
}

void Optimizer::zero_grad() {
  for (Tensor& p : parameters_) p.zero_grad();
}

}  // namespace heed::optim
