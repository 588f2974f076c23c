// optimizer.h — what all optimizers share.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/autograd.h"

namespace heed::optim {

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
  // Throws "[SGD] …" for an empty list, for a parameter that is undefined, no leaf, does not
  // require grad or stands twice.
  Optimizer(const char* name, std::vector<Tensor> parameters, double lr);
  // Changes parameter i; called under NoGrad, after steps() has counted this step.
  virtual void update(std::size_t i, Tensor& parameter, const Tensor& gradient) = 0;
  // Refuses a hyperparameter that is not finite or not in [low, high).
  void check_range(const char* option, double value, double low, double high) const;

 private:
  const char* name_;
  std::vector<Tensor> parameters_;
  double lr_;
  std::int64_t steps_ = 0;
};

}  // namespace heed::optim
