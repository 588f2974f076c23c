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
  todo("divide the images into windows");
}

}  // namespace heed::exercise
