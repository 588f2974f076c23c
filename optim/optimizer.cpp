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
  check(!parameters_.empty(), name_, "expected at least one parameter, got none");
  steps_of_.resize(parameters_.size());
  std::set<const TensorState*> seen;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Tensor& p = parameters_[i];
    check(p.defined(), name_, "parameter ", i, " is an undefined tensor");
    check(
        p.is_leaf(), name_, "parameter ", i, " ", p.shape(), " is not a leaf (produced by ",
        [&] { return p.state()->node->op; }, "). Hint: pass the leaf tensors to the optimizer");
    check(p.requires_grad(), name_, "parameter ", i, " ", p.shape(), " does not require grad");
    check(seen.insert(p.state().get()).second, name_, "parameter ", i, " ", p.shape(), " is listed twice");
  }
  check_range("lr", lr, 0, std::numeric_limits<double>::infinity());
}

void Optimizer::check_range(const char* option, double value, double low, double high) const {
  check(std::isfinite(value) && value >= low && value < high, name_, "expected ", option, " in [", low, ", ",
        high, "), got ", value);
}

void Optimizer::set_lr(double lr) {
  check_range("lr", lr, 0, std::numeric_limits<double>::infinity());
  lr_ = lr;
}

void Optimizer::step() {
  const NoGrad no_grad;
  ++steps_;
  const std::vector<Slot> all = slots();
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    Tensor& p = parameters_[i];
    if (!p.grad().defined()) continue;
    for (const Slot& slot : all) {
      Tensor& t = (*slot.tensors)[i];
      if (t.defined() && t.dtype() != p.dtype()) t = t.to(p.dtype());
    }
    ++steps_of_[i];
    update(i, p, p.grad());
  }
}

// ---- state ------------------------------------------------------------------------------------------------

NamedTensors Optimizer::state_dict() const {
  auto& self =
      const_cast<Optimizer&>(*this);  // slots() is not const because load_state_dict() writes to them
  NamedTensors state = {{"steps", scalar(static_cast<double>(steps_), f64)}};
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    for (const Slot& slot : self.slots())
      if ((*slot.tensors)[i].defined()) state.emplace_back(concat(i, ".", slot.name), (*slot.tensors)[i]);
    state.emplace_back(concat(i, ".step"), scalar(static_cast<double>(steps_of_[i]), f64));
  }
  return state;
}

// Reads the members of a state dict, each at most once.
class Optimizer::StateReader {
 public:
  StateReader(const char* op, const NamedTensors& state) : op_(op) {
    for (const auto& [name, t] : state)
      check(members_.emplace(name, t).second, op_, "the state contains '", name, "' twice");
  }

  // Returns an undefined tensor if there is no such member.
  Tensor take(const std::string& name, const Shape& shape) {
    const auto found = members_.find(name);
    if (found == members_.end()) return {};
    Tensor t = found->second;
    check(t.defined() && t.shape() == shape, op_, "expected '", name, "' of shape ", shape, ", got ", t);
    members_.erase(found);
    return t;
  }

  // Returns -1 if there is no such member.
  std::int64_t take_steps(const std::string& name) {
    const Tensor t = take(name, {});
    if (!t.defined()) return -1;
    const double steps = t.item();
    check(steps >= 0 && steps < 0x1p53 && steps == std::trunc(steps), op_, "expected '", name,
          "' to be an integer >= 0, got ", steps);
    return static_cast<std::int64_t>(steps);
  }

  void check_empty() const {
    check(
        members_.empty(), op_, "the state contains '", [&] { return members_.begin()->first; },
        "', which this optimizer does not have");
  }

 private:
  const char* op_;
  std::map<std::string, Tensor> members_;
};

void Optimizer::load_state_dict(const NamedTensors& state) {
  StateReader reader(name_, state);
  const std::int64_t steps = reader.take_steps("steps");
  check(steps >= 0, name_, "missing 'steps': this is not an optimizer state dict");
  const std::vector<Slot> all = slots();
  std::vector<std::vector<Tensor>> new_state(all.size());
  std::vector<std::int64_t> new_steps;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    for (std::size_t s = 0; s < all.size(); ++s)
      new_state[s].push_back(reader.take(concat(i, ".", all[s].name), parameters_[i].shape()));
    new_steps.push_back(reader.take_steps(concat(i, ".step")));
  }
  reader.check_empty();
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Tensor& p = parameters_[i];
    check(new_steps[i] >= 0, name_, "missing '", i, ".step' for parameter ", i, " ", p.shape());
    for (std::size_t s = 0; s < all.size(); ++s) {
      Tensor& t = new_state[s][i];
      check(t.defined() == (new_steps[i] > 0), name_, t.defined() ? "unexpected '" : "missing '", i, ".",
            all[s].name, "' for parameter ", i, " ", p.shape(), ", whose '", i, ".step' is ", new_steps[i]);
      if (!t.defined()) continue;
      check(t.dtype() == p.dtype(), name_, "expected '", i, ".", all[s].name, "' to be ",
            heed::name(p.dtype()), " as parameter ", i, ", got ", heed::name(t.dtype()),
            ". Hint: load the state before the model's to(), or convert it with to()");
      t = t.detach().clone();
    }
  }
  for (std::size_t s = 0; s < all.size(); ++s) *all[s].tensors = std::move(new_state[s]);
  steps_of_ = std::move(new_steps);
  steps_ = steps;
}

void check_partition(const std::vector<ParameterGroup>& groups, const NamedTensors& all) {
  std::map<const TensorState*, int> seen;
  for (const ParameterGroup& group : groups)
    for (const Tensor& p : group.parameters) ++seen[p.state().get()];
  for (const auto& [name, p] : all) {
    const int times = seen[p.state().get()];
    check(times == 1, "check_partition", "expected '", name, "' in one group, got ", times);
    seen.erase(p.state().get());
  }
  check(seen.empty(), "check_partition", "the groups contain ", seen.size(),
        " tensors that are not in the list");
}

void Optimizer::zero_grad() {
  for (Tensor& p : parameters_) p.zero_grad();
}

}  // namespace heed::optim
