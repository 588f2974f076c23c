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
  // solution: resize the square, keep CLS
  const index_t side = weights.size(1), c = table.size(2);
  const Tensor square = table.slice(1, 1).reshape({side, side, c}).permute({2, 0, 1});  // (C, side, side)
  const Tensor resized = matmul(matmul(weights, square), weights.transpose(0, 1));
  const Tensor patches = resized.permute({1, 2, 0}).reshape({1, -1, c});
  return cat({table.slice(1, 0, 1), patches}, 1);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. The rows after the first form a square of side · side positions with C channels each. Which
//    axis must come first, so that a matrix product operates on the square?
// 2. Rows 1 and following as (side, side, C), permuted to (C, side, side); multiply by weights from
//    the left (along the rows) and by their transpose from the right (along the columns); permute
//    back; prepend the row of CLS.
// 3. `matmul(matmul(weights, square), weights.transpose(0, 1)).permute({1, 2, 0}).reshape({1, -1,
//    c})`, and `cat({table.slice(1, 0, 1), …}, 1)`.
