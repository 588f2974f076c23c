// 10_sine_2d — Compute the positional encoding of each pixel of a map.
// Exercise 5 · 15 minutes · ●●○ · after 06_sinusoidal_table
//
//   -> (height · width, channels), pixels row by row; channels is a multiple of 4
//   the first half of the channels encodes the row i, the second half the column j, each by an angle
//       row: 2π (i + 1) / height          column: 2π (j + 1) / width
//   an angle a has c = channels / 2 channels, in pairs k = 0, 1, …:
//       channel 2k: sin(a / 10000^(2k / c))          channel 2k + 1: cos(a / 10000^(2k / c))
//
// The angle covers one full turn over the height and over the width, for a feature map of any size.
//
// You may use:  std::sin, std::cos, std::pow, std::numbers::pi, std::vector,
//               from_vector(values, shape).
#include <cmath>
#include <numbers>

#include "lessons/10_detr/exercises.h"

namespace heed::exercise {

Tensor sine_2d(index_t height, index_t width, index_t channels) {
  // solution: append the waves of the row's angle, then those of the column's
  std::vector<double> values;
  const auto append = [&](index_t index, index_t size) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(index + 1) / static_cast<double>(size);
    for (index_t k = 0; k < channels / 4; ++k) {
      const double wave = angle / std::pow(10000, 4 * static_cast<double>(k) / static_cast<double>(channels));
      values.push_back(std::sin(wave));
      values.push_back(std::cos(wave));
    }
  };
  for (index_t i = 0; i < height; ++i)
    for (index_t j = 0; j < width; ++j) {
      append(i, height);
      append(j, width);
    }
  return from_vector(values, {height * width, channels});
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. How many channels does each axis have, and how many pairs of a sine and a cosine is that?
// 2. For each row and each column, append the c / 2 pairs of the row's angle, then those of the
//    column's; c = channels / 2. In total there are height · width · channels numbers.
// 3. A function `append(index, size)`: the angle is `2 * std::numbers::pi * (index + 1) / size`.
//    For k from 0 to channels / 4, the wave is `angle / std::pow(10000, 2k / c)`; append its
//    `std::sin`, then its `std::cos`. Call `append(i, height)`, then `append(j, width)`.
