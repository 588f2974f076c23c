// grids.h — images (B, height, width, C) in which each number encodes its position.
#pragma once

#include <vector>

#include "autograd/autograd.h"

namespace heed::exercise {

// Channel c of pixel (row, column) is n = 100 · row + 10 · column + c, or -1 - n in every second
// image. All numbers are divided by 7, because equal fractions are evidence for a mistake, but
// equal integers may be a coincidence.
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
