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
  todo("concatenate four neighbours along the channels");
}

}  // namespace heed::exercise
