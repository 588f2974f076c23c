// 00 · adam_step — one step of training: the gradient, then Adam.
//
//   w, a leaf that requires grad; state (m, v, t), kept from step to step; loss(w) -> a single number
//   g = dloss/dw
//   t = t + 1;   m = 0.9 m + 0.1 g;   v = 0.999 v + 0.001 g²
//   w = w - lr · m̂ / (√v̂ + 1e-8)      m̂, v̂: m and v, freed of the zeros that they began with
//
// m and v begin at zero, so at first they are far too small: after one step m is 0.1 g, and v is
// 0.001 g². After t steps of one and the same g, m is (1 - 0.9^t) g: what do you divide by?
// backward() adds to w's gradient, and w may come with one that an earlier step left. w is changed
// in place, for others hold it too. w may have any shape and dtype; m and v keep its dtype.
// Training may go on from a saved state, t = 20 for example.
//
// You may use:  loss(w), x.backward(), w.grad(), w.zero_grad(), NoGrad (a scope that records nothing: only there may
//               w be changed), w.add_(other, factor) (w += factor · other, in place), sqrt(x), std::pow, and + - * /.
#include <cmath>

#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

void adam_step(Tensor& w, AdamState& state, const Loss& loss, double lr) {
  todo("take one step of training: the gradient, then Adam");
}

}  // namespace heed::exercise
