// 10 · window_partition — cut pictures into windows.
//
//   x (B, height, width, C), w -> (B, nW, N, C), nW = height / w · width / w, N = w · w
//   windows go left to right, then down; inside a window pixels do the same
//
// The channels of a pixel stay together. As with the patches of lesson 08, a reshape never moves a number.
//
// You may use:  x.size(axis), x.reshape({…}), x.permute({…}) (all axes in their new order).
#include "lessons/10_swin/exercises.h"

namespace heed::exercise {

Tensor window_partition(const Tensor& x, index_t w) {
  todo("cut the pictures into windows");
}

}  // namespace heed::exercise
