// 10_merge_patches — Join four neighbours into one pixel.
// Exercise 5 · 10 minutes · ●○○ · after 10_window_partition
//
//   x (B, height, width, C) -> (B, height / 2, width / 2, 4C), both sides even
//   the order of the four is (row, column) = (0, 0), (1, 0), (0, 1), (1, 1): the row changes first,
//   as in the published weights
//
// In the model, a LayerNorm and a Linear from 4C to 2C follow.
//
// You may use:  x.slice(axis, begin, to_end, step), cat({…}, axis).
#include "lessons/10_swin/exercises.h"

namespace heed::exercise {

Tensor merge_patches(const Tensor& x) {
  // solution: concatenate four neighbours along the channels
  const auto every_second = [&](index_t row, index_t column) {
    return x.slice(1, row, to_end, 2).slice(2, column, to_end, 2);
  };
  return cat({every_second(0, 0), every_second(1, 0), every_second(0, 1), every_second(1, 1)}, -1);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. The four neighbours of a new pixel are at even and odd rows and columns. Can you select all
//    pixels at even rows and even columns at once?
// 2. Take four slices with step 2 along axes 1 and 2, beginning at 0 or 1. Concatenate them along
//    the channels; the row changes first.
// 3. `x.slice(1, 1, to_end, 2).slice(2, 0, to_end, 2)` is (1, 0): the second of the four in
//    `cat({…}, -1)`.
