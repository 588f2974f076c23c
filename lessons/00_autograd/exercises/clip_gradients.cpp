// 00_clip_gradients — Clip gradients by their global norm before the optimizer uses them.
// Exercise 12 · 15 minutes · ●●○ · after 00_adam_step
//
//   gradients: one per parameter; undefined if a parameter has none. max_norm > 0
//   norm = the square root of the sum of the squares of all elements of all gradients
//   if norm > max_norm: every gradient is multiplied by max_norm / norm, in place
//   -> norm, as it was before
//
// All gradients together form one long vector. Scaling it by one factor makes it shorter and keeps
// its direction. A vector that is short enough does not change, and neither does one of length 0.
// The optimizer holds these tensors, so change their elements; do not replace the handles. The
// squares of all elements are finite.
//
// You may use:  g.defined(), x.sum(), x.item(), g.mul_(factor) (in place), std::sqrt, and + - * /.
#include <cmath>

#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

double clip_gradients(std::vector<Tensor>& gradients, double max_norm) {
  todo("compute one norm over all gradients and scale them if it exceeds max_norm");
}

}  // namespace heed::exercise
