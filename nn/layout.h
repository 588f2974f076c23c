// layout.h — what a sequence looks like to the layers.
//
//   batch_first = false (the default, as in PyTorch and the course)   (T, B, C)
//   batch_first = true                                                (B, T, C)
//   one sequence alone, either way                                    (T, C)
#pragma once

#include "autograd/tensor.h"

namespace heed::nn {

inline int time_axis(const Tensor& x, bool batch_first) { return x.rank() == 3 && batch_first ? 1 : 0; }

inline void check_sequence(const char* op, const char* what, const Tensor& x, index_t channels,
                           bool batch_first) {
  check(x.defined(), op, what, " is an undefined tensor");
  check((x.rank() == 2 || x.rank() == 3) && x.size(-1) == channels, op, what, " is ", x.shape(),
        "; with batch_first = ", batch_first ? "true it must be (B, T, " : "false it must be (T, B, ",
        channels, "), or (T, ", channels, ") for one sequence");
}

}  // namespace heed::nn
