// gradcheck_cases.h — the table of gradient checks: every op, over the shapes that are prone to errors.
#pragma once

#include <string>
#include <vector>

#include "autograd/autograd.h"

namespace heed {

struct GradcheckCase {
  std::string function;  // as declared in ops.h
  std::string detail;    // "(2, 1) (1, 3)"
  GradcheckFunction f;
  std::vector<Tensor> inputs;
  GradcheckOptions options;
};

std::vector<GradcheckCase> gradcheck_cases();

}  // namespace heed
