// 05_add_and_norm — Apply the steps around every sublayer: dropout, residual connection, norm.
// Exercise 3 · 15 minutes · ●●○ · after 05_layer_norm_forward
//
//   x (..., C), f and norm: (..., C) -> (..., C), dropping.keep (..., C) -> (..., C)
//   norm(x + dropout(f(x)))
//
// Write the dropout yourself; dropping.keep contains the random choices. If dropping.training is
// true, the elements that are not kept become 0, and the others are scaled up to compensate. Each
// element is dropped with probability dropping.p: which factor keeps the mean unchanged? Otherwise
// nothing is dropped, and dropping.keep may be undefined. This course normalises the sum (post-LN),
// as the paper does, and PyTorch by default.
//
// You may use:  f(x), norm(x), masked_fill(x, !mask, value), and + - * /.
#include "lessons/05_transformer_architecture/exercises.h"

namespace heed::exercise {

Tensor add_and_norm(const Tensor& x, const Function& f, const Function& norm, const Dropping& dropping) {
  // solution: apply the sublayer and dropout, add x, normalise
  Tensor change = f(x);
  if (dropping.training) change = masked_fill(change, !dropping.keep, 0) / (1 - dropping.p);
  return norm(x + change);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Three operations follow f(x). In which order, and which of them must not be applied to x
//    itself?
// 2. change = f(x); in training, set it to 0 if `keep` is false and divide it by the probability of
//    keeping an element; then x + change; then the norm. All are (..., C).
// 3. `if (dropping.training) change = masked_fill(change, !dropping.keep, 0) / (1 - dropping.p);`
//    in the middle, `return norm(x + change);` at the end.
