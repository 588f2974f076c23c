// dropout.h — dropout: random zeros in training mode, the identity in evaluation mode.
#pragma once

#include "autograd/ops.h"
#include "nn/module.h"

namespace heed::nn {

struct DropoutOptions {
  double p = 0.5;  // the probability that an element becomes 0
};

// Training: each element becomes 0 with probability p, otherwise it is divided by 1 - p.
// Evaluation: returns x. The layer owns a generator, forked from the given one, so its random
// numbers do not depend on other layers. Srivastava et al., "Dropout", 2014.
struct Dropout : ModuleOf<Dropout> {
  DropoutOptions options;
  Generator generator;

  Dropout(DropoutOptions o, Generator& gen) : options(o), generator(gen.fork()) {
    check(o.p >= 0 && o.p <= 1, "Dropout", "expected a probability p in [0, 1], got ", o.p);
  }
  Tensor forward(const Tensor& x) {
    return training() && options.p > 0 ? heed::dropout(x, options.p, generator) : x;
  }
  void visit(Visitor& v) override { v.generator("generator", generator); }
  std::string type() const override { return "Dropout"; }
  std::string details() const override { return concat("p=", options.p); }
};

}  // namespace heed::nn
