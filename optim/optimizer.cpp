#include "optim/optimizer.h"

#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace heed::optim {

Optimizer::Optimizer(const char* name, const std::vector<ParameterGroup>& groups, double lr,
                     double weight_decay)
    : name_(name), lr_(lr) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  check_range("weight_decay", weight_decay, 0, infinity);
  for (const ParameterGroup& group : groups) {
    check_range("lr_factor", group.lr_factor, 0, infinity);
    const double decay = group.weight_decay < 0 ? weight_decay : group.weight_decay;
    check_range("weight_decay", decay, 0, infinity);
    parameters_.insert(parameters_.end(), group.parameters.begin(), group.parameters.end());
    lr_factor_.resize(parameters_.size(), group.lr_factor);
    weight_decay_.resize(parameters_.size(), decay);
  }
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

NamedTensors Optimizer::state_dict() const {
  auto& self = const_cast<Optimizer&>(*this);  // slots() hands out what load_state_dict writes to
  NamedTensors state = {{"steps", scalar(static_cast<double>(steps_), f64)}};
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    for (const Slot& slot : self.slots())
      if ((*slot.tensors)[i].defined()) state.emplace_back(concat(i, ".", slot.name), (*slot.tensors)[i]);
    if (self.counts())
      state.emplace_back(concat(i, ".step"), scalar(static_cast<double>((*self.counts())[i]), f64));
  }
  return state;
}

void Optimizer::load_state_dict(const NamedTensors& state) {
  std::map<std::string, Tensor> given(state.begin(), state.end());
  const auto take = [&](const std::string& name, const Shape& shape) {
    const auto found = given.find(name);
    if (found == given.end()) return Tensor();
    Tensor t = found->second;
    check(t.defined() && t.shape() == shape, name_, "'", name, "' of the state is ",
          t.defined() ? to_string(t.shape()) : "undefined", " and must be ", shape);
    given.erase(found);
    return t;
  };
  const Tensor steps = take("steps", {});
  check(steps.defined(), name_, "the state has no 'steps'; it is none of an optimizer");
  std::vector<std::vector<Tensor>> fresh;
  for (const Slot& slot : slots()) {
    fresh.emplace_back();
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const Tensor t = take(concat(i, ".", slot.name), parameters_[i].shape());
      fresh.back().push_back(t.defined() ? t.detach().to(parameters_[i].dtype()).clone() : Tensor());
    }
  }
  std::vector<std::int64_t> fresh_counts;
  for (std::size_t i = 0; counts() && i < parameters_.size(); ++i) {
    const Tensor t = take(concat(i, ".step"), {});
    fresh_counts.push_back(t.defined() ? static_cast<std::int64_t>(t.item()) : 0);
  }
  check(given.empty(), name_, "the state has '", given.empty() ? "" : given.begin()->first,
        "', which this optimizer does not keep");
  const auto all = slots();
  for (std::size_t s = 0; s < all.size(); ++s) *all[s].tensors = std::move(fresh[s]);
  if (counts()) *counts() = std::move(fresh_counts);
  steps_ = static_cast<std::int64_t>(steps.item());
}

void check_partition(const std::vector<ParameterGroup>& groups, const NamedTensors& all) {
  std::map<const TensorState*, int> seen;
  for (const ParameterGroup& group : groups)
    for (const Tensor& p : group.parameters) ++seen[p.state().get()];
  for (const auto& [name, p] : all) {
    const int times = seen[p.state().get()];
    check(times == 1, "check_partition", "'", name, "' stands in ", times,
          " groups; every parameter must be in one");
    seen.erase(p.state().get());
  }
  check(seen.empty(), "check_partition", seen.size(), " tensors in the groups are no parameters of the list");
}

void Optimizer::zero_grad() {
  for (Tensor& p : parameters_) p.zero_grad();
}

}  // namespace heed::optim
