// init.cpp — element i of a tensor, in row-major order, gets random number i of a reserved block.
#include "nn/init.h"

#include <cmath>
#include <utility>

#include "autograd/graph.h"

namespace heed::nn {

static thread_local bool no_init = false;

NoInit::NoInit() : before_(std::exchange(no_init, true)) {}
NoInit::~NoInit() { no_init = before_; }
bool NoInit::on() { return no_init; }

}  // namespace heed::nn

namespace heed::nn::init {

static void check_target(const char* op, const Tensor& t) {
  check(t.defined(), op, "expected a tensor, got an undefined one");
  check(t.is_contiguous(), op, "expected a contiguous tensor, got a strided view ", t);
}

// Sets t[i] = number(i).
template <class Number>
static void fill(Tensor& t, Number number) {
  const NoGrad no_grad;
  auto run = [&]<class T>(T* out) {
    for (index_t i = 0; i < t.numel(); ++i) out[i] = static_cast<T>(number(static_cast<std::uint64_t>(i)));
  };
  if (t.numel() == 0 || NoInit::on()) return;
  t.dtype() == f32 ? run(t.mutable_data<float>()) : run(t.mutable_data<double>());
}

static RandomBlock take(const Tensor& t, Generator& gen) {
  return gen.take(static_cast<std::uint64_t>(t.numel()));
}

struct Fans {
  double in, out;
};
static Fans fans(const char* op, const Tensor& t) {
  check(t.defined() && t.rank() >= 2, op,
        "expected a weight (out, in, …), which has a fan_in and a fan_out, got ", t);
  double window = 1;
  for (int axis = 2; axis < t.rank(); ++axis) window *= static_cast<double>(t.shape()[axis]);
  return {static_cast<double>(t.shape()[1]) * window, static_cast<double>(t.shape()[0]) * window};
}

void zeros(Tensor& t) {
  if (NoInit::on()) return;
  const NoGrad no_grad;
  t.fill_(0);
}

void ones(Tensor& t) {
  if (NoInit::on()) return;
  const NoGrad no_grad;
  t.fill_(1);
}

void uniform(Tensor& t, Generator& gen, double low, double high) {
  check_target("uniform", t);
  check(low <= high, "uniform", "expected low <= high, got [", low, ", ", high, ")");
  fill(t, [&, block = take(t, gen)](std::uint64_t i) { return low + (high - low) * block.uniform(i); });
}

void normal(Tensor& t, Generator& gen, double mean, double std) {
  check_target("normal", t);
  check(std >= 0, "normal", "expected a std of at least 0, got ", std);
  fill(t, [&, block = take(t, gen)](std::uint64_t i) { return mean + std * block.normal(i); });
}

void trunc_normal(Tensor& t, Generator& gen, double mean, double std, double low, double high) {
  check_target("trunc_normal", t);
  check(std >= 0, "trunc_normal", "expected a std of at least 0, got ", std);
  // Far from the mean, or for a narrow interval, nearly every draw would be rejected.
  check(low < high && high - low >= std / 100 && mean >= low - 2 * std && mean <= high + 2 * std,
        "trunc_normal", "expected an interval with enough probability of a normal with mean ", mean,
        " and std ", std, ", got [", low, ", ", high, "]");
  Generator draws = gen.fork();  // the number of draws is not known in advance
  fill(t, [&](std::uint64_t) {
    double x = mean + std * draws.normal();
    while (x < low || x > high) x = mean + std * draws.normal();
    return x;
  });
}

void xavier_uniform(Tensor& t, Generator& gen, double gain) {
  const Fans fan = fans("xavier_uniform", t);
  const double bound = gain * std::sqrt(6 / (fan.in + fan.out));
  uniform(t, gen, -bound, bound);
}

void xavier_normal(Tensor& t, Generator& gen, double gain) {
  const Fans fan = fans("xavier_normal", t);
  normal(t, gen, 0, gain * std::sqrt(2 / (fan.in + fan.out)));
}

void kaiming_uniform(Tensor& t, Generator& gen, double a) {
  const double bound = std::sqrt(6 / ((1 + a * a) * fans("kaiming_uniform", t).in));
  uniform(t, gen, -bound, bound);
}

}  // namespace heed::nn::init
