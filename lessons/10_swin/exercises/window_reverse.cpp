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
  todo("put the windows back");
}

}  // namespace heed::exercise
