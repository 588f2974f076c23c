// 00 · sum_to — undo broadcasting: the gradient of a value that was stretched, in the value's own shape.
//
//   dy (any shape), shape: what was stretched to dy's shape -> the gradient, of that shape
//
// Broadcasting aligns shapes at the right. Axes that were missing on the left were added, and a size of 1 was repeated:
//
//   (C)       to (B, T, C)     every number stood in B · T places
//   (B, 1, C) to (B, T, C)     every number stood in T places
//   (B, T, C) to (B, T, C)     nothing to undo
//
// A number that stood in many places has a share of the gradient from each of them. An axis of dy
// may have size 0, if a batch is empty: then the sum over it is 0.
//
// You may use:  dy.shape(), shape.rank(), dy.rank(), shape[axis], dy.shape()[axis], x.sum({axis}, keepdim),
//               x.reshape(shape). An axis that is summed with keepdim keeps the places of the others.
#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

Tensor sum_to(const Tensor& dy, const Shape& shape) {
  todo("sum over the axes along which it was stretched");
}

}  // namespace heed::exercise
