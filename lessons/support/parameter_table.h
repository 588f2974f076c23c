// parameter_table.h — a table of the parameters of a module, with a running total.
#pragma once

#include <string>

#include "autograd/tensor.h"

namespace heed::lessons {

// One row per module: the shapes of its own parameters, their number, and the sum so far. The last sum
// is the module's parameter_count(). Elements of a list with the same parameters as the one before
// them, such as the blocks of a stack, are one row. `parameters`: named_parameters() of a module.
std::string parameter_table(const NamedTensors& parameters);

}  // namespace heed::lessons
