#include "optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "autograd/error.h"

namespace heed::optim {

namespace {

void check_rate(const char* name, const char* option, double rate) {
  check(std::isfinite(rate) && rate >= 0, name, "expected a finite ", option, " >= 0, got ", rate);
}

// From a (at fraction 0) to b (at 1) along half a cosine.
double half_cosine(double a, double b, double fraction) {
  return b + (a - b) * (1 + std::cos(std::numbers::pi * fraction)) / 2;
}

Schedule::Rate constant(ConstantOptions o) {
  check_rate("Constant", "lr", o.lr);
  return [o](std::int64_t) { return o.lr; };
}

Schedule::Rate staircase(StepOptions o) {
  check_rate("Step", "lr", o.lr);
  check_rate("Step", "gamma", o.gamma);
  check(o.every >= 1, "Step", "expected every >= 1, got ", o.every);
  return [o](std::int64_t step) {
    const std::int64_t stairs = step / o.every;
    return o.lr * std::pow(o.gamma, static_cast<double>(stairs));
  };
}

Schedule::Rate cosine(CosineOptions o) {
  check_rate("Cosine", "lr", o.lr);
  check_rate("Cosine", "low", o.low);
  check(o.total >= 1, "Cosine", "expected total >= 1, got ", o.total);
  return [o](std::int64_t step) {
    return half_cosine(o.lr, o.low, std::min(1.0, static_cast<double>(step) / static_cast<double>(o.total)));
  };
}

// A linear rise, followed by fall(fraction) with a fraction from 0 to 1 of the remaining steps.
template <class Fall>
Schedule::Rate with_warmup(const char* name, WarmupOptions o, Fall fall) {
  check_rate(name, "peak", o.peak);
  check_rate(name, "low", o.low);
  check(o.warmup >= 0 && o.total > o.warmup, name, "expected 0 <= warmup < total, got warmup ", o.warmup,
        " and total ", o.total);
  return [o, fall](std::int64_t step) {
    if (step < o.warmup) return o.peak * static_cast<double>(step + 1) / static_cast<double>(o.warmup);
    const double fraction = static_cast<double>(step - o.warmup) / static_cast<double>(o.total - o.warmup);
    return fall(o, std::clamp(fraction, 0.0, 1.0));
  };
}

Schedule::Rate warmup_cosine(WarmupOptions options) {
  return with_warmup("WarmupCosine", options, [](const WarmupOptions& o, double fraction) {
    return half_cosine(o.peak, o.low, fraction);
  });
}

Schedule::Rate warmup_linear(WarmupOptions options) {
  return with_warmup("WarmupLinear", options, [](const WarmupOptions& o, double fraction) {
    return o.peak + (o.low - o.peak) * fraction;
  });
}

Schedule::Rate one_cycle(OneCycleOptions o) {
  check_rate("OneCycle", "peak", o.peak);
  check(o.up > 0 && o.up < 1, "OneCycle", "expected up in (0, 1), got ", o.up);
  check(o.start >= 1 && o.finish >= 1, "OneCycle", "expected start >= 1 and finish >= 1, got ", o.start,
        " and ", o.finish, "; the learning rate is divided by them");
  check(o.total >= 2, "OneCycle", "expected total >= 2, got ", o.total);
  return [o](std::int64_t step) {
    const double first = o.peak / o.start, last = static_cast<double>(o.total - 1);
    const double top = o.up * static_cast<double>(o.total) - 1;  // the (fractional) step of the peak
    const double position = std::min(static_cast<double>(step), last);
    if (top > 0 && position <= top) return half_cosine(first, o.peak, position / top);
    return half_cosine(o.peak, first / o.finish, (position - top) / (last - top));
  };
}

Schedule::Rate lambda(LambdaOptions o) {
  check_rate("Lambda", "lr", o.lr);
  check(static_cast<bool>(o.factor), "Lambda",
        "expected a factor, got none. Hint: {.factor = [](std::int64_t step) { … }}");
  return [o = std::move(o)](std::int64_t step) { return o.lr * o.factor(step); };
}

Schedule::Rate noam(NoamOptions o) {
  check(o.d_model >= 1 && o.warmup >= 1, "Noam", "expected d_model >= 1 and warmup >= 1, got ", o.d_model,
        " and ", o.warmup);
  check_rate("Noam", "factor", o.factor);
  return [o](std::int64_t step) {
    const auto s = static_cast<double>(step + 1), warmup = static_cast<double>(o.warmup);
    return o.factor / std::sqrt(static_cast<double>(o.d_model)) *
           std::min(1 / std::sqrt(s), s * std::pow(warmup, -1.5));
  };
}

Schedule::Rate warm_restarts(WarmRestartsOptions o) {
  check_rate("WarmRestarts", "lr", o.lr);
  check_rate("WarmRestarts", "low", o.low);
  check(o.first >= 1 && o.times >= 1, "WarmRestarts", "expected first >= 1 and times >= 1, got ", o.first,
        " and ", o.times);
  return [o](std::int64_t step) {
    std::int64_t length = o.first;
    if (o.times == 1) step %= length;
    for (; step >= length; length *= o.times) step -= length;
    return half_cosine(o.lr, o.low, static_cast<double>(step) / static_cast<double>(length));
  };
}

}  // namespace

Constant::Constant(ConstantOptions options) : Schedule(constant(options)) {}
Step::Step(StepOptions options) : Schedule(staircase(options)) {}
Cosine::Cosine(CosineOptions options) : Schedule(cosine(options)) {}
WarmupCosine::WarmupCosine(WarmupOptions options) : Schedule(warmup_cosine(options)) {}
WarmupLinear::WarmupLinear(WarmupOptions options) : Schedule(warmup_linear(options)) {}
OneCycle::OneCycle(OneCycleOptions options) : Schedule(one_cycle(options)) {}
Lambda::Lambda(LambdaOptions options) : Schedule(lambda(std::move(options))) {}
Noam::Noam(NoamOptions options) : Schedule(noam(options)) {}
WarmRestarts::WarmRestarts(WarmRestartsOptions options) : Schedule(warm_restarts(options)) {}

}  // namespace heed::optim
