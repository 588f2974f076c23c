// schedule.h — learning rates as functions of the step. A schedule has no state: call
// optimizer.set_lr(schedule(step)) before each step, counting from 0. A resumed training continues
// with the same rates.
//
//   const WarmupCosine schedule({.peak = 1e-3, .warmup = 100, .total = 1000});
//   optimizer.set_lr(schedule(step));
//
// The constructors throw if a rate is negative or not finite, or if the lengths do not fit
// together.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

namespace heed::optim {

// A function from the step to the learning rate. The named schedules below differ only in that
// function.
class Schedule {
 public:
  using Rate = std::function<double(std::int64_t)>;
  explicit Schedule(Rate rate) : rate_(std::move(rate)) {}
  double operator()(std::int64_t step) const { return rate_(step); }

 private:
  Rate rate_;
};

struct ConstantOptions {
  double lr = 1e-3;
};
struct Constant : Schedule {
  explicit Constant(ConstantOptions options);
};

// lr * gamma^floor(step / every): a staircase. PyTorch's StepLR.
struct StepOptions {
  double lr = 1e-3;
  std::int64_t every = 1;
  double gamma = 0.1;
};
struct Step : Schedule {
  explicit Step(StepOptions options);
};

// Half a cosine from lr at step 0 to low at step total, then constant. PyTorch's CosineAnnealingLR.
// Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017, without
// restarts.
struct CosineOptions {
  double lr = 1e-3;
  std::int64_t total = 1;
  double low = 0;
};
struct Cosine : Schedule {
  explicit Cosine(CosineOptions options);
};

// Rises linearly to peak during the first `warmup` steps (the first step has peak / warmup). Then
// falls to low at step total, along half a cosine or a straight line.
struct WarmupOptions {
  double peak = 1e-3;
  std::int64_t warmup = 0;
  std::int64_t total = 1;
  double low = 0;
};
struct WarmupCosine : Schedule {
  explicit WarmupCosine(WarmupOptions options);
};
struct WarmupLinear : Schedule {
  explicit WarmupLinear(WarmupOptions options);
};

// Rises from peak / start along half a cosine during the fraction `up` of all steps, then falls to
// peak / start / finish. PyTorch's OneCycleLR with its defaults (cosine, two phases), except that
// it does not change the momentum. Smith, Topin, "Super-convergence", 2018.
struct OneCycleOptions {
  double peak = 1e-3;
  std::int64_t total = 2;
  double up = 0.3;
  double start = 25, finish = 1e4;  // PyTorch's div_factor and final_div_factor
};
struct OneCycle : Schedule {
  explicit OneCycle(OneCycleOptions options);
};

// lr * factor(step). PyTorch's LambdaLR.
struct LambdaOptions {
  double lr = 1e-3;
  std::function<double(std::int64_t)> factor = {};
};
struct Lambda : Schedule {
  explicit Lambda(LambdaOptions options);
};

// The schedule of the Transformer paper: factor * d_model^-0.5 * min(s^-0.5, s * warmup^-1.5) with
// s = step + 1. Vaswani et al., 2017, section 5.3.
struct NoamOptions {
  std::int64_t d_model = 512, warmup = 4000;
  double factor = 1;
};
struct Noam : Schedule {
  explicit Noam(NoamOptions options);
};

// Half a cosine from lr to low in `first` steps, repeated from lr. Each period is `times` as long
// as the previous one. PyTorch's CosineAnnealingWarmRestarts. Loshchilov, Hutter, 2017.
struct WarmRestartsOptions {
  double lr = 1e-3;
  std::int64_t first = 1, times = 1;
  double low = 0;
};
struct WarmRestarts : Schedule {
  explicit WarmRestarts(WarmRestartsOptions options);
};

}  // namespace heed::optim
