#include "optim/sgd.h"

#include <limits>

namespace heed::optim {

SGD::SGD(std::vector<Tensor> parameters, SGDOptions options)
    : Optimizer("SGD", std::move(parameters), options.lr),
      options_(options),
      velocity_(this->parameters().size()) {
  check_range("momentum", options_.momentum, 0, std::numeric_limits<double>::infinity());
  check_range("weight_decay", options_.weight_decay, 0, std::numeric_limits<double>::infinity());
  check(!options_.nesterov || options_.momentum > 0, "SGD", "nesterov needs a momentum above 0");
}

void SGD::update(std::size_t i, Tensor& w, const Tensor& gradient) {
  Tensor g = gradient;
  if (options_.weight_decay != 0) g = g + w * options_.weight_decay;
  if (options_.momentum != 0) {
    Tensor& v = velocity_[i];
    v = v.defined() ? v * options_.momentum + g : g.clone();
    g = options_.nesterov ? g + v * options_.momentum : v;
  }
  w.add_(g, -lr());
}

}  // namespace heed::optim
