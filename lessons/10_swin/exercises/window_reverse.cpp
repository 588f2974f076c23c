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
  todo("reverse the partition");
}

}  // namespace heed::exercise
