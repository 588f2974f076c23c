// 08_patchify — Cut images into square patches and flatten each patch to one row.
// Exercise 1 · 25 minutes · ●●● · after 04_merge_heads
//
//   images (B, channels, height, width), p -> patches (B, N, channels · p · p)
//   N = (height / p) · (width / p) patches of p x p pixels, ordered left to right, then top to bottom
//   one row = channel 0 row by row, then channel 1, …: the order (channel, row, column)
//
// If p does not divide the height or the width, throw instead of dropping the border. A reshape
// never moves a value: which pixels that are neighbours in an image row belong to different rows
// of the result?
//
// You may use:  x.size(axis), x.reshape({…}), x.permute({…}) (all axes in their new order),
//               check(condition, "patchify", "message") (throws if the condition is false).
#include "lessons/08_vision_transformer/exercises.h"

namespace heed::exercise {

Tensor patchify(const Tensor& images, index_t p) {
  todo("split both image axes, then move the patch axes to the front");
}

}  // namespace heed::exercise
