// 08_unpatchify — Reassemble images from their patches: the inverse of patchify.
// Exercise 2 · 15 minutes · ●●○ · after 08_patchify
//
//   patches (B, N, channels · p · p), p, height, width -> images (B, channels, height, width)
//   patches are flattened (channel, row, column) and ordered left to right, then top to bottom
//
// Patchify loses nothing, so it has an inverse: the inverses of its three steps in reverse order.
// The inverse of a permute is another permute, which only for some orders is the same one. Is it
// here?
//
// You may use:  x.size(axis), x.reshape({…}), x.permute({…}).
#include "lessons/08_vision_transformer/exercises.h"

namespace heed::exercise {

Tensor unpatchify(const Tensor& patches, index_t p, index_t height, index_t width) {
  // solution: invert reshape, permute and reshape
  const index_t b = patches.size(0), channels = patches.size(2) / (p * p), down = height / p,
                across = width / p;
  const Tensor split = patches.reshape({b, down, across, channels, p, p});
  return split.permute({0, 3, 1, 4, 2, 5}).reshape({b, channels, height, width});
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. `patchify` is a reshape, a permute and a reshape. What is the inverse of each step, and in
//    which order must the inverses be applied?
// 2. reshape to (B, down, across, channels, p, p); permute to (B, channels, down, p, across, p);
//    reshape to (B, channels, height, width).
// 3. `patches.reshape({b, down, across, channels, p, p}).permute({0, 3, 1, 4, 2, 5})` and one more
//    `reshape`, with `channels = patches.size(2) / (p * p)`.
