// 00_line_backward — Linear regression with tensors: the gradients of x, w and b by hand.
// Exercise 5 · 20 minutes · ●●○ · after 00_multiply
//
//   x (B, T, C), w (C, D), b (D), t (B, T, D)
//   y = x · w + b;   error = y - t;   loss = mean(error²)
//   -> dloss/dx (B, T, C), dloss/dw (C, D), dloss/db (D)
//
// Work from the loss back to the inputs, one line of the forward pass at a time. Each gradient has
// the shape of its value, and the shapes show which factor must be transposed. The same w is used
// for all B sequences and the same b for all B · T rows: their gradients sum over all uses.
//
// You may use:  matmul(a, b) (of the last two axes; a leading axis is a batch),
//               x.transpose(axis, axis), x.sum({axis, axis}), x.numel(), and + - * /, which
//               broadcast. Nothing is recorded here, so loss.backward() would find no graph.
#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

LineGradients line_backward(const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
  // solution: compute the gradients of x, w and b from the loss
  const Tensor error = matmul(x, w) + b - t;                             // (B, T, D)
  const Tensor dy = error * (2.0 / static_cast<double>(error.numel()));  // (B, T, D)
  const Tensor dx = matmul(dy, w.transpose(0, 1));                       // (B, T, C)
  const Tensor dw = matmul(x.transpose(1, 2), dy).sum({0});              // (C, D)
  return {dx, dw, dy.sum({0, 1})};
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. What is the derivative of mean(error²) with respect to one error? And to how many rows is b
//    added?
// 2. error is (B, T, D); dy = 2 · error / (B · T · D), (B, T, D). The gradient of x (B, T, C) is a
//    product of dy (B, T, D) and w (C, D). The gradient of w (C, D) is a product of x (B, T, C) and
//    dy (B, T, D), summed over the B sequences. The gradient of b is (D).
// 3. `matmul(dy, w.transpose(0, 1))`, `matmul(x.transpose(1, 2), dy).sum({0})`, `dy.sum({0, 1})`.
