// masks.h — common mistakes with masks, for the checks of lessons 02 to 04.
#pragma once

#include "autograd/autograd.h"

namespace heed::exercise {

// Returns the slice of the mask at index 0 of `axis`. The slice has size 1 and broadcasts over the axis.
inline Mask first_of(const Mask& allowed, index_t axis) {
  return masked_fill(zeros(allowed.shape()), allowed, 1).slice(axis, 0, 1) > 0;
}

}  // namespace heed::exercise
