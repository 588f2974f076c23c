// 05 · add_and_norm — what stands around every sublayer: dropout, the residual, the norm.
//
//   x (..., C), f and norm: (..., C) -> (..., C), dropping.keep (..., C) -> (..., C)
//   norm(x + dropout(f(x)))
//
// Dropout is yours to write; what is kept has been drawn for you. While dropping.training is true, a number that is
// not kept becomes 0, and the others make up for it: each is lost with probability dropping.p, so by how much must
// they grow for the mean to stay? Otherwise nothing is lost, and dropping.keep may be undefined. This course
// normalises the sum (post-LN), as the paper and PyTorch do.
//
// You may use:  f(x), norm(x), masked_fill(x, !mask, value), and + - * /.
#include "lessons/05_transformer_architecture/exercises.h"

namespace heed::exercise {

Tensor add_and_norm(const Tensor& x, const Function& f, const Function& norm, const Dropping& dropping) {
  // solution: apply the sublayer, drop some of what it says, add it to x, normalise
  Tensor change = f(x);
  if (dropping.training) change = masked_fill(change, !dropping.keep, 0) / (1 - dropping.p);
  return norm(x + change);
  // end
}

}  // namespace heed::exercise
