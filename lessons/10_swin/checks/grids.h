// grids.h — pictures (B, height, width, C) whose every number says where it was.
#pragma once

#include <vector>

#include "autograd/autograd.h"

namespace heed::exercise {

// Channel c of pixel (row, column) is 100 · row + 10 · column + c; in every second picture it is negative, less 1. All is divided
// by 7: fractions that agree are evidence for a mistake, integers are not.
inline Tensor grid(const Shape& shape) {
  std::vector<double> numbers;
  for (index_t b = 0; b < shape[0]; ++b)
    for (index_t y = 0; y < shape[1]; ++y)
      for (index_t x = 0; x < shape[2]; ++x)
        for (index_t c = 0; c < shape[3]; ++c) {
          const auto number = static_cast<double>(100 * y + 10 * x + c);
          numbers.push_back((b % 2 == 0 ? number : -1 - number) / 7);
        }
  return from_vector(numbers, shape);
}

}  // namespace heed::exercise
