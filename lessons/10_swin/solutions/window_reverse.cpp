// 10 · window_reverse — the images from their windows: the inverse of window_partition.
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
