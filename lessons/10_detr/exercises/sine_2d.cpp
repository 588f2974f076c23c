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
  todo("append the waves of the row's angle, then those of the column's");
}

}  // namespace heed::exercise
