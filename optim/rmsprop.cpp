#include "optim/rmsprop.h"

#include <limits>

namespace heed::optim {

RMSprop::RMSprop(const std::vector<ParameterGroup>& groups, RMSpropOptions options)
    : Optimizer("RMSprop", groups, options.lr, options.weight_decay),
      options_(options),
      square_(parameters().size()),
      mean_(square_.size()),
      buffer_(square_.size()) {
  check_range("alpha", options.alpha, 0, 1);
  check_range("eps", options.eps, 0, std::numeric_limits<double>::infinity());
  check_range("momentum", options.momentum, 0, std::numeric_limits<double>::infinity());
}

std::vector<Optimizer::Slot> RMSprop::slots() {
  std::vector<Slot> all = {{"square_avg", &square_}};
  if (options_.centered) all.push_back({"grad_avg", &mean_});
  if (options_.momentum > 0) all.push_back({"momentum_buffer", &buffer_});
  return all;
}

// Returns average * alpha + value * (1 - alpha). An undefined average counts as 0.
static Tensor blend(const Tensor& average, const Tensor& value, double alpha) {
  return average.defined() ? average * alpha + value * (1 - alpha) : value * (1 - alpha);
}

void RMSprop::update(std::size_t i, Tensor& w, const Tensor& gradient) {
  const Tensor g = weight_decay(i) == 0 ? gradient : gradient + w * weight_decay(i);
  square_[i] = blend(square_[i], g * g, options_.alpha);
  Tensor spread = square_[i];
  if (options_.centered) {
    mean_[i] = blend(mean_[i], g, options_.alpha);
    // With equal gradients, rounding may make s - a² negative, and its root NaN.
    spread = clamp(spread - mean_[i] * mean_[i], 0, std::numeric_limits<double>::infinity());
  }
  Tensor change = g / (sqrt(spread) + options_.eps);
  if (options_.momentum > 0) {
    buffer_[i] = buffer_[i].defined() ? buffer_[i] * options_.momentum + change : change;
    change = buffer_[i];
  }
  w.add_(change, -lr(i));
}

}  // namespace heed::optim
