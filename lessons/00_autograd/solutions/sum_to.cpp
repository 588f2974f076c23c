// 00_sum_to — Undo broadcasting: the gradient of a broadcast value.
// Exercise 6 · 15 minutes · ●●○ · after 00_line_backward
//
//   dy (any shape), shape: the shape that was broadcast to dy's shape -> the gradient, of that shape
//
// Broadcasting aligns shapes at the last axis. It adds missing axes on the left and repeats axes of
// size 1:
//
//   (C)       to (B, T, C)     every number is used B · T times
//   (B, 1, C) to (B, T, C)     every number is used T times
//   (B, T, C) to (B, T, C)     nothing to undo
//
// The gradient of a number is the sum of the gradients of all its uses. An axis of dy may have size
// 0 if a batch is empty; the sum over it is 0.
//
// You may use:  dy.shape(), shape.rank(), dy.rank(), shape[axis], dy.shape()[axis],
//               x.sum({axis}, keepdim), x.reshape(shape). With keepdim, the other axes keep their
//               indices.
#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

Tensor sum_to(const Tensor& dy, const Shape& shape) {
  // solution: sum over the broadcast axes
  const int added = dy.rank() - shape.rank();
  Tensor gradient = dy;
  for (int axis = 0; axis < dy.rank(); ++axis)
    if (axis < added || shape[axis - added] == 1) gradient = gradient.sum({axis}, true);
  return gradient.reshape(shape);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. A bias of 4 numbers is added to 6 rows. How often is each of its numbers used, and which
//    terms does its gradient sum?
// 2. added = dy's rank - shape's rank: the first `added` axes were missing. For every other axis of
//    dy, check shape[axis - added]: if it is 1, the axis was repeated. Sum over both kinds with
//    keepdim, so that the other axes keep their indices; reshape the result at the end.
// 3. `if (axis < added || shape[axis - added] == 1) gradient = gradient.sum({axis}, true);` for
//    each axis, then `gradient.reshape(shape)`.
