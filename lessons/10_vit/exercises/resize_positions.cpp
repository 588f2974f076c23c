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
  todo("resize the square, keep CLS");
}

}  // namespace heed::exercise
