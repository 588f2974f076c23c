// optimizer.h — what all optimizers share.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/autograd.h"

namespace heed::optim {

// Parameters that are trained in one way. A negative weight_decay means the optimizer's own.
struct ParameterGroup {
  std::vector<Tensor> parameters = {};
  double lr_factor = 1;  // times the optimizer's rate
  double weight_decay = -1;
};

// Throws "[check_partition] …" unless every named tensor stands in exactly one group, and nothing else does: a
// parameter that was forgotten would silently not be trained.
void check_partition(const std::vector<ParameterGroup>& groups, const NamedTensors& all);

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  // One step for every parameter that has a gradient; the others stay as they are.
  // Writes in place, unrecorded. After a model's to(), the state is converted to its parameter's
  // dtype first.
  void step();
  // Forgets all gradients. Without it the next backward adds to them.
  void zero_grad();

  double lr() const { return lr_; }
  void set_lr(double lr);  // finite and not negative
  const std::vector<Tensor>& parameters() const { return parameters_; }
  std::int64_t steps() const { return steps_; }  // taken so far

  // What it has gathered, for checkpoints: "steps", and for parameter 3 "3.step" (its own steps)
  // and "3.exp_avg", …, under PyTorch's names. The tensors share their numbers with the optimizer.
  NamedTensors state_dict() const;
  // Takes what state_dict() gave, of an optimizer of the same kind and options for parameters of
  // the same shapes and dtypes. Throws "[SGD] …", and then nothing has changed, if a member is
  // missing, unknown, given twice, of another shape or dtype, or if a number of steps is not an
  // integer from 0.
  void load_state_dict(const NamedTensors& state);

 protected:
  // Throws "[SGD] …" for groups without any parameter, for a parameter that is undefined, no leaf, does not
  // require grad or stands twice.
  Optimizer(const char* name, const std::vector<ParameterGroup>& groups, double lr, double weight_decay);
  double lr(std::size_t i) const { return lr_ * lr_factor_[i]; }  // of parameter i
  double weight_decay(std::size_t i) const { return weight_decay_[i]; }
  // Of parameter i, with the one that is being taken.
  std::int64_t steps(std::size_t i) const { return steps_of_[i]; }
  // Changes parameter i; called under NoGrad, after steps() has counted this step.
  virtual void update(std::size_t i, Tensor& parameter, const Tensor& gradient) = 0;
  // What is gathered for each parameter with the options in use, by name: undefined tensors before
  // its first step, tensors of its shape after it.
  struct Slot {
    const char* name;
    std::vector<Tensor>* tensors;
  };
  virtual std::vector<Slot> slots() = 0;
  // Refuses a hyperparameter that is not finite or not in [low, high).
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
