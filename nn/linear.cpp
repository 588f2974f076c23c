#include "nn/linear.h"

#include <cmath>

#include "nn/init.h"

namespace heed::nn {

Linear::Linear(LinearOptions o, Generator& gen) : options(o) {
  check(o.in >= 1 && o.out >= 1, "Linear", "expected in and out of at least 1, got in = ", o.in,
        ", out = ", o.out);
  weight = parameter({o.out, o.in});
  init::kaiming_uniform(weight, gen,
                        std::sqrt(5));  // √5 makes the bound 1/√in, equal to the bound of the bias
  if (!o.bias) return;
  bias = parameter({o.out});
  const double bound = 1 / std::sqrt(static_cast<double>(o.in));
  init::uniform(bias, gen, -bound, bound);
}

void Linear::visit(Visitor& v) {
  v.parameter("weight", weight);
  v.parameter("bias", bias);
}

std::string Linear::details() const {
  return concat("in=", options.in, ", out=", options.out, options.bias ? "" : ", bias=false");
}

}  // namespace heed::nn
