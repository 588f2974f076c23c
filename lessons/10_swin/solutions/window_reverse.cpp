// 10 · window_reverse — put the windows back: the picture again.
//
//   windows (B, nW, N, C), w, height, width -> (B, height, width, C)
//   windows go left to right, then down; inside a window pixels do the same
//
// Pictures need not be square: how many windows stand in a row?
//
// You may use:  windows.size(axis), windows.reshape({…}), windows.permute({…}).
#include "lessons/10_swin/exercises.h"

namespace heed::exercise {

Tensor window_reverse(const Tensor& windows, index_t w, index_t height, index_t width) {
  // solution: put the windows back
  const index_t b = windows.size(0), down = height / w, across = width / w, c = windows.size(3);
  const Tensor cut = windows.reshape({b, down, across, w, w, c});
  return cut.permute({0, 1, 3, 2, 4, 5}).reshape({b, height, width, c});
  // end
}

}  // namespace heed::exercise
