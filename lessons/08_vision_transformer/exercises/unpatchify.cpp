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
  todo("invert reshape, permute and reshape");
}

}  // namespace heed::exercise
