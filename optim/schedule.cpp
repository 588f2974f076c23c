#include "optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "autograd/error.h"

namespace heed::optim {

namespace {

void check_rate(const char* name, const char* option, double rate) {
  check(std::isfinite(rate) && rate >= 0, name, option, " must be finite and not negative, got ", rate);
}

// From a (at fraction 0) to b (at 1) along half a cosine.
double half_cosine(double a, double b, double fraction) {
  return b + (a - b) * (1 + std::cos(std::numbers::pi * fraction)) / 2;
}

WarmupOptions checked(const char* name, WarmupOptions o) {
  check_rate(name, "peak", o.peak);
  check_rate(name, "low", o.low);
  check(o.warmup >= 0 && o.total > o.warmup, name, "total (", o.total, ") must be above warmup (", o.warmup,
        "), and that not negative");
  return o;
}

// 0 at the end of the warm-up, 1 at the end of all.
double decay(const WarmupOptions& o, std::int64_t step) {
  return std::clamp(static_cast<double>(step - o.warmup) / static_cast<double>(o.total - o.warmup), 0.0, 1.0);
}

double rise(const WarmupOptions& o, std::int64_t step) {
  return o.peak * static_cast<double>(step + 1) / static_cast<double>(o.warmup);
}

}  // namespace

Constant::Constant(ConstantOptions o) : o_(o) { check_rate("Constant", "lr", o.lr); }

Step::Step(StepOptions o) : o_(o) {
  check_rate("Step", "lr", o.lr);
  check_rate("Step", "gamma", o.gamma);
  check(o.every >= 1, "Step", "every must be at least 1, got ", o.every);
}
double Step::operator()(std::int64_t step) const {
  const std::int64_t stairs = step / o_.every;
  return o_.lr * std::pow(o_.gamma, static_cast<double>(stairs));
}

Cosine::Cosine(CosineOptions o) : o_(o) {
  check_rate("Cosine", "lr", o.lr);
  check_rate("Cosine", "low", o.low);
  check(o.total >= 1, "Cosine", "total must be at least 1, got ", o.total);
}
double Cosine::operator()(std::int64_t step) const {
  return half_cosine(o_.lr, o_.low, std::min(1.0, static_cast<double>(step) / static_cast<double>(o_.total)));
}

WarmupCosine::WarmupCosine(WarmupOptions o) : o_(checked("WarmupCosine", o)) {}
double WarmupCosine::operator()(std::int64_t step) const {
  return step < o_.warmup ? rise(o_, step) : half_cosine(o_.peak, o_.low, decay(o_, step));
}

WarmupLinear::WarmupLinear(WarmupOptions o) : o_(checked("WarmupLinear", o)) {}
double WarmupLinear::operator()(std::int64_t step) const {
  return step < o_.warmup ? rise(o_, step) : o_.peak + (o_.low - o_.peak) * decay(o_, step);
}

OneCycle::OneCycle(OneCycleOptions o) : o_(o) {
  check_rate("OneCycle", "peak", o.peak);
  check(o.up > 0 && o.up < 1, "OneCycle", "up must be in (0, 1), got ", o.up);
  check(o.start >= 1 && o.finish >= 1, "OneCycle",
        "start and finish divide the rate and must be at least 1, got ", o.start, " and ", o.finish);
  check(o.total >= 2, "OneCycle", "total must be at least 2, got ", o.total);
}
double OneCycle::operator()(std::int64_t step) const {
  const double first = o_.peak / o_.start, last = static_cast<double>(o_.total - 1);
  const double top =
      o_.up * static_cast<double>(o_.total) - 1;  // the (fractional) step at which the peak stands
  const double at = std::min(static_cast<double>(step), last);
  if (top > 0 && at <= top) return half_cosine(first, o_.peak, at / top);
  return half_cosine(o_.peak, first / o_.finish, (at - top) / (last - top));
}

Lambda::Lambda(LambdaOptions o) : o_(std::move(o)) {
  check_rate("Lambda", "lr", o_.lr);
  check(static_cast<bool>(o_.factor), "Lambda", "needs a factor: {.factor = [](std::int64_t step) { … }}");
}
double Lambda::operator()(std::int64_t step) const { return o_.lr * o_.factor(step); }

Noam::Noam(NoamOptions o) : o_(o) {
  check(o.d_model >= 1 && o.warmup >= 1, "Noam", "d_model and warmup must be at least 1, got ", o.d_model,
        " and ", o.warmup);
  check_rate("Noam", "factor", o.factor);
}
double Noam::operator()(std::int64_t step) const {
  const auto s = static_cast<double>(step + 1), warmup = static_cast<double>(o_.warmup);
  return o_.factor / std::sqrt(static_cast<double>(o_.d_model)) *
         std::min(1 / std::sqrt(s), s * std::pow(warmup, -1.5));
}

WarmRestarts::WarmRestarts(WarmRestartsOptions o) : o_(o) {
  check_rate("WarmRestarts", "lr", o.lr);
  check_rate("WarmRestarts", "low", o.low);
  check(o.first >= 1 && o.times >= 1, "WarmRestarts", "first and times must be at least 1, got ", o.first,
        " and ", o.times);
}
double WarmRestarts::operator()(std::int64_t step) const {
  std::int64_t length = o_.first;
  if (o_.times == 1) step %= length;
  for (; step >= length; length *= o_.times) step -= length;
  return half_cosine(o_.lr, o_.low, static_cast<double>(step) / static_cast<double>(length));
}

}  // namespace heed::optim
