#include "optim/sgd.h"

#include <limits>

namespace heed::optim {

SGD::SGD(const std::vector<ParameterGroup>& groups, SGDOptions options)
    : Optimizer("SGD", groups, options.lr, options.weight_decay),
      options_(options),
      velocity_(this->parameters().size()) {
  check_range("momentum", options_.momentum, 0, std::numeric_limits<double>::infinity());
  check_range("dampening", options_.dampening, 0, 1);
  check(!options_.nesterov || (options_.momentum > 0 && options_.dampening == 0), "SGD",
        "expected momentum > 0 and dampening 0 with nesterov, got ", options_.momentum, " and ",
        options_.dampening);
}

std::vector<Optimizer::Slot> SGD::slots() {
  if (options_.momentum == 0) return {};
  return {{"momentum_buffer", &velocity_}};
}

void SGD::update(std::size_t i, Tensor& w, const Tensor& gradient) {
  Tensor g = gradient;
  if (weight_decay(i) != 0) g = g + w * weight_decay(i);
  if (options_.momentum != 0) {
    Tensor& v = velocity_[i];
    v = v.defined() ? v * options_.momentum + g * (1 - options_.dampening) : g.clone();
    g = options_.nesterov ? g + v * options_.momentum : v;
  }
  w.add_(g, -lr(i));
}

}  // namespace heed::optim
