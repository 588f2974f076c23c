// window_parts.h — the arguments of shifted_window_attention: the functions of earlier exercises,
// and the attention inside a window.
#pragma once

#include <functional>

#include "autograd/autograd.h"

namespace heed::exercise {

struct WindowParts {
  // x (B, height, width, C), w -> windows (B, nW, N, C)
  std::function<Tensor(const Tensor&, index_t)> partition;
  // windows (B, nW, N, C), w, height, width -> (B, height, width, C)
  std::function<Tensor(const Tensor&, index_t, index_t, index_t)> reverse;
  // height, width, w, shift -> (nW, N, N)
  std::function<Mask(index_t, index_t, index_t, index_t)> mask;
  // windows (B, nW, N, C), a mask (nW, N, N) or Mask() -> (B, nW, N, C)
  std::function<Tensor(const Tensor&, const Mask&)> attend;
};

}  // namespace heed::exercise
