// images.h — images whose pixel values encode the position, so that wrong patches can be
// recognised.
#pragma once

#include <vector>

#include "autograd/autograd.h"

namespace heed::exercise {

// Pixel (channel, row, column) is 100 · channel + 10 · row + column; in odd images, -1 minus that
// value.
inline Tensor numbered_images(const Shape& shape) {
  std::vector<double> pixels;
  for (index_t b = 0; b < shape[0]; ++b)
    for (index_t c = 0; c < shape[1]; ++c)
      for (index_t y = 0; y < shape[2]; ++y)
        for (index_t x = 0; x < shape[3]; ++x) {
          const auto pixel = static_cast<double>(100 * c + 10 * y + x);
          pixels.push_back(b % 2 == 0 ? pixel : -1 - pixel);
        }
  return from_vector(pixels, shape);
}

}  // namespace heed::exercise
