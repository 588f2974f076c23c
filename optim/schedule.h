// schedule.h — learning rates as functions of the step. A schedule has no state:
// optimizer.set_lr(schedule(step)) before each step, counting from 0, and a resumed
// run goes on where it stopped.
//
//   const WarmupCosine schedule({.peak = 1e-3, .warmup = 100, .total = 1000});
//   optimizer.set_lr(schedule(step));
//
// Each constructor refuses what makes no rate: negative or non-finite rates, lengths that do not fit.
#pragma once

#include <cstdint>
#include <functional>

namespace heed::optim {

struct ConstantOptions {
  double lr = 1e-3;
};
class Constant {
 public:
  explicit Constant(ConstantOptions options);
  double operator()(std::int64_t) const { return o_.lr; }

 private:
  ConstantOptions o_;
};

// lr * gamma^(step / every), rounded down: a staircase. PyTorch's StepLR.
struct StepOptions {
  double lr = 1e-3;
  std::int64_t every = 1;
  double gamma = 0.1;
};
class Step {
 public:
  explicit Step(StepOptions options);
  double operator()(std::int64_t step) const;

 private:
  StepOptions o_;
};

// Half a cosine from lr at step 0 to low at step total, and low after it. PyTorch's CosineAnnealingLR.
// Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017, without restarts.
struct CosineOptions {
  double lr = 1e-3;
  std::int64_t total = 1;
  double low = 0;
};
class Cosine {
 public:
  explicit Cosine(CosineOptions options);
  double operator()(std::int64_t step) const;

 private:
  CosineOptions o_;
};

// A straight line up to peak during the first `warmup` steps (the first step has peak / warmup), then half a
// cosine, or a straight line, down to low at step total.
struct WarmupOptions {
  double peak = 1e-3;
  std::int64_t warmup = 0;
  std::int64_t total = 1;
  double low = 0;
};
class WarmupCosine {
 public:
  explicit WarmupCosine(WarmupOptions options);
  double operator()(std::int64_t step) const;

 private:
  WarmupOptions o_;
};
class WarmupLinear {
 public:
  explicit WarmupLinear(WarmupOptions options);
  double operator()(std::int64_t step) const;

 private:
  WarmupOptions o_;
};

// Up from peak / start by half a cosine during `up` of all steps, then down to peak / start / finish.
// PyTorch's OneCycleLR with its defaults (cosine, two phases), but for the momentum, which stays as it is. Smith,
// Topin, "Super-convergence", 2018.
struct OneCycleOptions {
  double peak = 1e-3;
  std::int64_t total = 2;
  double up = 0.3;
  double start = 25, finish = 1e4;  // PyTorch's div_factor and final_div_factor
};
class OneCycle {
 public:
  explicit OneCycle(OneCycleOptions options);
  double operator()(std::int64_t step) const;

 private:
  OneCycleOptions o_;
};

// lr * factor(step). PyTorch's LambdaLR.
struct LambdaOptions {
  double lr = 1e-3;
  std::function<double(std::int64_t)> factor = {};
};
class Lambda {
 public:
  explicit Lambda(LambdaOptions options);
  double operator()(std::int64_t step) const;

 private:
  LambdaOptions o_;
};

// The paper's own: factor * d_model^-0.5 * min(s^-0.5, s * warmup^-1.5) with s = step + 1. Vaswani et al., 2017,
// section 5.3.
struct NoamOptions {
  std::int64_t d_model = 512, warmup = 4000;
  double factor = 1;
};
class Noam {
 public:
  explicit Noam(NoamOptions options);
  double operator()(std::int64_t step) const;

 private:
  NoamOptions o_;
};

// Half a cosine from lr to low in `first` steps, then again from lr, each time `times` as long. PyTorch's
// CosineAnnealingWarmRestarts. Loshchilov, Hutter, 2017.
struct WarmRestartsOptions {
  double lr = 1e-3;
  std::int64_t first = 1, times = 1;
  double low = 0;
};
class WarmRestarts {
 public:
  explicit WarmRestarts(WarmRestartsOptions options);
  double operator()(std::int64_t step) const;

 private:
  WarmRestartsOptions o_;
};

}  // namespace heed::optim
