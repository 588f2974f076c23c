// 00 · softmax_backward — what an input of a softmax is to blame for.
//
//   y (..., n) = softmax(x), dy (..., n) -> dx (..., n)
//   y[i] = exp(x[i]) / (exp(x[0]) + … + exp(x[n-1]))      each row (last axis) for itself
//
// Outputs may be exactly 0; a fully masked row is 0 everywhere, and its dx is 0.
//
// If x[j] grows, y[j] grows by y[j] · (1 - y[j]). But a row sums to 1, so the other y[i] must give that up: each
// falls by y[i] · y[j]. dx[j] is what all of that costs, weighed by dy. Write the sum down, and see how short it
// gets.
//
// You may use:  x.sum({axis}, keepdim), and + - * / (they broadcast). Nothing is recorded here.
#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

Tensor softmax_backward(const Tensor& y, const Tensor& dy) {
  todo("turn the gradient of y into that of x, row by row");
}

}  // namespace heed::exercise
