// optimizer.h — the base class of all optimizers.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/autograd.h"

namespace heed::optim {

// Parameters that are trained with the same options. A negative weight_decay means that of the
// optimizer.
struct ParameterGroup {
  std::vector<Tensor> parameters = {};
  double lr_factor = 1;  // multiplies the optimizer's learning rate
  double weight_decay = -1;
};

// Throws "[check_partition] …" unless the groups contain every named tensor exactly once, and no
// other tensor. A parameter that is in no group would silently not be trained.
void check_partition(const std::vector<ParameterGroup>& groups, const NamedTensors& all);

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  // Updates every parameter that has a gradient, in place and without recording. If the dtype of a
  // parameter has changed, by the model's to(), its state is converted first.
  void step();
  // Clears all gradients. Otherwise the next backward accumulates into them.
  void zero_grad();

  double lr() const { return lr_; }
  void set_lr(double lr);  // requires a finite lr >= 0
  const std::vector<Tensor>& parameters() const { return parameters_; }
  std::int64_t steps() const { return steps_; }  // calls of step()

  // Returns the state for a checkpoint: "steps", and for parameter 3 "3.step" (the number of its
  // updates), "3.exp_avg", …, under PyTorch's names. The tensors share their memory with the
  // optimizer.
  NamedTensors state_dict() const;
  // Restores the result of state_dict(), from an optimizer of the same class and options for
  // parameters of the same shapes and dtypes. Throws "[SGD] …", without any change, if a member is
  // missing, unknown, duplicated or of another shape or dtype, or if a number of steps is not an
  // integer >= 0.
  void load_state_dict(const NamedTensors& state);

 protected:
  // Throws "[SGD] …" if the groups contain no parameter, or one that is undefined, not a leaf, does
  // not require grad or is listed twice.
  Optimizer(const char* name, const std::vector<ParameterGroup>& groups, double lr, double weight_decay);
  // These return the values for parameter i. steps(i) includes the current update.
  double lr(std::size_t i) const { return lr_ * lr_factor_[i]; }
  double weight_decay(std::size_t i) const { return weight_decay_[i]; }
  std::int64_t steps(std::size_t i) const { return steps_of_[i]; }
  // Updates parameter i. Called under NoGrad, after steps(i) has been incremented.
  virtual void update(std::size_t i, Tensor& parameter, const Tensor& gradient) = 0;
  // The state for each parameter, by name. A tensor is undefined before the parameter's first
  // update and has the parameter's shape after it.
  struct Slot {
    const char* name;
    std::vector<Tensor>* tensors;
  };
  virtual std::vector<Slot> slots() = 0;
  // Throws "[SGD] …" unless a hyperparameter is finite and in [low, high).
  void check_range(const char* option, double value, double low, double high) const;

 private:
  class StateReader;
  const char* name_;
  std::vector<Tensor> parameters_;
  std::vector<double> lr_factor_, weight_decay_;
  double lr_;
  std::int64_t steps_ = 0;
  std::vector<std::int64_t> steps_of_;
};

}  // namespace heed::optim
