// 08_patchify — Cut images into square patches and flatten each patch to one row.
// Exercise 1 · 25 minutes · ●●● · after 04_merge_heads
//
//   images (B, channels, height, width), p -> patches (B, N, channels · p · p)
//   N = (height / p) · (width / p) patches of p x p pixels, ordered left to right, then top to bottom
//   one row = channel 0 row by row, then channel 1, …: the order (channel, row, column)
//
// If p does not divide the height or the width, throw instead of dropping the border. A reshape
// never moves a value: which pixels that are neighbours in an image row belong to different rows
// of the result?
//
// You may use:  x.size(axis), x.reshape({…}), x.permute({…}) (all axes in their new order),
//               check(condition, "patchify", "message") (throws if the condition is false).
#include "lessons/08_vision_transformer/exercises.h"

namespace heed::exercise {

Tensor patchify(const Tensor& images, index_t p) {
  // solution: split both image axes, then move the patch axes to the front
  const index_t b = images.size(0), channels = images.size(1), height = images.size(2),
                width = images.size(3);
  check(height % p == 0 && width % p == 0, "patchify", height, " x ", width,
        " pixels are not divisible into patches of ", p);
  const index_t down = height / p, across = width / p;
  const Tensor split = images.reshape({b, channels, down, p, across, p});
  return split.permute({0, 2, 4, 1, 3, 5}).reshape({b, down * across, channels * p * p});
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. An image row of 6 pixels, with patches of width 2, is 3 pieces of 2. How can a reshape split
//    the width axis in this way without moving any value, and how is the height axis split?
// 2. reshape to (B, channels, down, p, across, p), where down = height / p and across = width / p;
//    then permute so that the patch axes (down, across) come before the axes inside a patch
//    (channel, row, column); then reshape to (B, down · across, channels · p · p).
// 3. `images.reshape({b, channels, down, p, across, p}).permute({0, 2, 4, 1, 3, 5})` and one more
//    `reshape`; before it `check(height % p == 0 && width % p == 0, "patchify", "…")`.
