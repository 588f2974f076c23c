// 10 · resize_positions — a position table for pictures of another size.
//
//   table (1, 1 + side · side, C): CLS, then the patches left to right, then down
//   weights (new side, side): row i says how the old places along a side make new place i (its sum is 1)
//   weights are constants: only table needs a gradient
//   -> (1, 1 + new side · new side, C): CLS as it was, the patches' square resized along both of its sides
//
// It is how a ViT trained at 224 x 224 reads 384 x 384. The positions are a picture of C channels; CLS stands in no
// place of it. Along the rows and along the columns the same weights are used.
//
// You may use:  x.slice(axis, begin, end), x.reshape({…}), x.permute({…}), x.transpose(axis, axis), x.size(axis),
//               matmul(a, b) (leading axes broadcast), cat({…}, axis).
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
