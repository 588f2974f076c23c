// 10_resize_positions — Resize the position embeddings for images of another size.
// Exercise 3 · 20 minutes · ●●● · after 08_add_positions, 10_patch_conv
//
//   table (1, 1 + side · side, C): CLS, then the patches left to right, then top to bottom
//   weights (new side, side): row i has the interpolation weights of new position i, sum 1
//   weights are constants: only table needs a gradient
//   -> (1, 1 + new side · new side, C): CLS unchanged, the patches resized along both axes
//
// A ViT trained at 224 x 224 can process images of 384 x 384 in this way. The position embeddings
// are treated as an image with C channels; CLS has no position in it. Rows and columns use the
// same weights.
//
// You may use:  x.slice(axis, begin, end), x.reshape({…}), x.permute({…}), x.transpose(axis, axis),
//               x.size(axis), matmul(a, b) (leading axes broadcast), cat({…}, axis).
#include "lessons/10_vit/exercises.h"

namespace heed::exercise {

Tensor resize_positions(const Tensor& table, const Tensor& weights) {
  todo("resize the square, keep CLS");
}

}  // namespace heed::exercise
