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
  todo("sum over the broadcast axes");
}

}  // namespace heed::exercise
