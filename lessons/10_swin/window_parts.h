// window_parts.h — what shifted_window_attention is given: the parts that were written before, and what happens inside a window.
#pragma once

#include <functional>

#include "autograd/autograd.h"

namespace heed::exercise {

struct WindowParts {
  std::function<Tensor(const Tensor&, index_t)> partition;  // (B, height, width, C), w -> (B, nW, N, C)
  std::function<Tensor(const Tensor&, index_t, index_t, index_t)>
      reverse;                                                   // …, w, height, width -> the picture
  std::function<Mask(index_t, index_t, index_t, index_t)> mask;  // height, width, w, shift -> (nW, N, N)
  std::function<Tensor(const Tensor&, const Mask&)> attend;      // windows, mask or Mask() -> (B, nW, N, C)
};

}  // namespace heed::exercise
