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
  // Writes in place, unrecorded.
  void step();
  // Forgets all gradients. Without it the next backward adds to them.
  void zero_grad();

  double lr() const { return lr_; }
  void set_lr(double lr);  // finite and not negative
  const std::vector<Tensor>& parameters() const { return parameters_; }
  std::int64_t steps() const { return steps_; }  // taken so far

 protected:
  // Throws "[SGD] …" for groups without any parameter, for a parameter that is undefined, no leaf, does not
  // require grad or stands twice.
  Optimizer(const char* name, const std::vector<ParameterGroup>& groups, double lr, double weight_decay);
  double lr(std::size_t i) const { return lr_ * lr_factor_[i]; }  // of parameter i
  double weight_decay(std::size_t i) const { return weight_decay_[i]; }
  // Changes parameter i; called under NoGrad, after steps() has counted this step.
  virtual void update(std::size_t i, Tensor& parameter, const Tensor& gradient) = 0;
  // Refuses a hyperparameter that is not finite or not in [low, high).
  void check_range(const char* option, double value, double low, double high) const;

 private:
  const char* name_;
  std::vector<Tensor> parameters_;
  std::vector<double> lr_factor_, weight_decay_;
  double lr_;
  std::int64_t steps_ = 0;
};

}  // namespace heed::optim
