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
  todo("compute the gradients of x, w and b from the loss");
}

}  // namespace heed::exercise
