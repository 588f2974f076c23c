// 00 · clip_gradients — gradients that are too long are scaled down before the optimizer uses them.
//
//   gradients: one for each parameter; undefined if a parameter has none. max_norm > 0
//   norm = the root of the sum of the squares of all elements of all gradients
//   if norm > max_norm: every gradient is multiplied by max_norm / norm, in place
//   -> norm, as it was before
//
// All gradients together are one long vector: scaled by one factor it becomes shorter and keeps its
// direction. A vector that is short enough stays as it is, and so does one of length 0. The
// optimizer holds these tensors, so change their elements and do not replace the handles. The
// squares of all elements are finite.
//
// You may use:  g.defined(), x.sum(), x.item(), g.mul_(factor) (in place), std::sqrt, and + - * /.
#include <cmath>

#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

double clip_gradients(std::vector<Tensor>& gradients, double max_norm) {
  todo("compute one norm over all gradients, and scale them if it is above max_norm");
}

}  // namespace heed::exercise
