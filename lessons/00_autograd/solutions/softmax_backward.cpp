// 00_softmax_backward — The gradient with respect to the softmax's input.
// Exercise 9 · 15 minutes · ●●○ · after 00_line_backward
//
//   y (..., n) = softmax(x), dy (..., n) -> dx (..., n)
//   y[i] = exp(x[i]) / (exp(x[0]) + … + exp(x[n-1]))      for each row (last axis)
//
// Outputs may be exactly 0; a fully masked row is 0 everywhere, and its dx is 0.
//
// The derivative of y[j] with respect to x[j] is y[j] · (1 - y[j]). A row sums to 1, so the other
// outputs decrease when x[j] increases: the derivative of y[i] is -y[i] · y[j]. dx[j] is the sum of
// these derivatives, each multiplied by its dy. Write the sum down and simplify it.
//
// You may use:  x.sum({axis}, keepdim), and + - * /, which broadcast. Nothing is recorded here.
#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

Tensor softmax_backward(const Tensor& y, const Tensor& dy) {
  // solution: compute the gradient of x from that of y, row by row
  return y * (dy - (dy * y).sum({-1}, true));
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. dx[j] is the sum over all outputs i of dy[i] times the derivative of y[i] with respect to
//    x[j]. What is that derivative if i = j, and otherwise?
// 2. dx[j] = dy[j] · y[j] - sum over all i of dy[i] · y[i] · y[j] (the 1 of the case i = j gives
//    the first term). Both terms contain y[j]; the remaining sum is one number per row, (…, 1).
// 3. `y * (dy - s)`, with s the sum of dy * y over the last axis, with keepdim.
