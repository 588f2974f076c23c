// dropout.h — noise while training, nothing afterwards.
#pragma once

#include "autograd/ops.h"
#include "nn/module.h"

namespace heed::nn {

struct DropoutOptions {
  double p = 0.5;  // the probability of a zero
};

// Training: each element is 0 with probability p, else divided by 1 - p. Evaluation: x itself.
// It owns a generator, forked from the one it is given: what it draws does not depend on other layers.
struct Dropout : ModuleOf<Dropout> {
  DropoutOptions options;
  Generator generator;

  Dropout(DropoutOptions o, Generator& gen) : options(o), generator(gen.fork()) {
    check(o.p >= 0 && o.p <= 1, "Dropout", "p is a probability and must be in [0, 1], got ", o.p);
  }
  Tensor forward(const Tensor& x) {
    return training() && options.p > 0 ? heed::dropout(x, options.p, generator) : x;
  }
  void visit(Visitor& v) override { v.generator("generator", generator); }
  std::string type() const override { return "Dropout"; }
  std::string details() const override { return concat("p=", options.p); }
};

}  // namespace heed::nn
