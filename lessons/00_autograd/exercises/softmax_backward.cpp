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
  todo("compute the gradient of x from that of y, row by row");
}

}  // namespace heed::exercise
