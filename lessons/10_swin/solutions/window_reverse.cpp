// 10_window_reverse — Compute the images from their windows.
// Exercise 2 · 10 minutes · ●○○ · after 10_window_partition
//
//   windows (B, nW, N, C), w, height, width -> (B, height, width, C)
//   windows go left to right, then down; so do the pixels inside a window
//
// Images need not be square: how many windows are in a row?
//
// You may use:  windows.size(axis), windows.reshape({…}), windows.permute({…}).
#include "lessons/10_swin/exercises.h"

namespace heed::exercise {

Tensor window_reverse(const Tensor& windows, index_t w, index_t height, index_t width) {
  // solution: reverse the partition
  const index_t b = windows.size(0), down = height / w, across = width / w, c = windows.size(3);
  const Tensor split = windows.reshape({b, down, across, w, w, c});
  return split.permute({0, 1, 3, 2, 4, 5}).reshape({b, height, width, c});
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. The partition is reshape, permute, reshape. What is the inverse of each? One of the three is
//    its own inverse.
// 2. reshape to (B, down, across, w, w, C), permute to (B, down, w, across, w, C), reshape to (B,
//    height, width, C).
// 3. `windows.reshape({b, height / w, width / w, w, w, c}).permute({0, 1, 3, 2, 4, 5}).reshape({b,
//    height, width, c})`.
