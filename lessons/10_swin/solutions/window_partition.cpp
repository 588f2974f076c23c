// 10_window_partition — Divide an image into windows, each a short sequence of pixels.
// Exercise 1 · 15 minutes · ●●○ · after 08_patchify
//
//   x (B, height, width, C), w -> (B, nW, N, C), nW = height / w · width / w, N = w · w
//   windows go left to right, then down; so do the pixels inside a window
//
// The channels of a pixel stay together. As with the patches of lesson 08, a reshape alone never
// reorders elements.
//
// You may use:  x.size(axis), x.reshape({…}), x.permute({…}) (all axes in their new order).
#include "lessons/10_swin/exercises.h"

namespace heed::exercise {

Tensor window_partition(const Tensor& x, index_t w) {
  // solution: divide the images into windows
  const index_t b = x.size(0), down = x.size(1) / w, across = x.size(2) / w, c = x.size(3);
  const Tensor split = x.reshape({b, down, w, across, w, c});
  return split.permute({0, 1, 3, 2, 4, 5}).reshape({b, down * across, w * w, c});
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. In lesson 08, a patch became one row of numbers. Here a window becomes N rows of C numbers
//    each. Which axes of the split image stay separate, and which are joined?
// 2. reshape to (B, down, w, across, w, C); permute so that the axes of the window (down, across)
//    come before those inside the window (row, column); reshape to (B, down · across, w · w, C).
// 3. `x.reshape({b, down, w, across, w, c}).permute({0, 1, 3, 2, 4, 5})` and one more `reshape`.
