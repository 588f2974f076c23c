// masks.h — masks as they are often wrong; for the checks of lessons 02 to 04.
#pragma once

#include "autograd/autograd.h"

namespace heed::exercise {

// The mask at index 0 of `axis`, of size 1 there, so that it broadcasts over the whole axis.
inline Mask first_of(const Mask& allowed, index_t axis) {
  return masked_fill(zeros(allowed.shape()), allowed, 1).slice(axis, 0, 1) > 0;
}

}  // namespace heed::exercise
