// 00_adam_step — One training step: the gradient, then Adam.
// Exercise 11 · 20 minutes · ●●○ · after 00_log_loss
//
//   w, a leaf that requires grad; state (m, v, t), kept between steps; loss(w) -> a single number
//   g = dloss/dw
//   t = t + 1;   m = 0.9 m + 0.1 g;   v = 0.999 v + 0.001 g²
//   w = w - lr · m̂ / (√v̂ + 1e-8)      m̂, v̂: m and v after bias correction
//
// m and v start at zero, so they are far too small at first: after one step m is 0.1 g and v is
// 0.001 g². After t steps with the same g, m is (1 - 0.9^t) g. Which divisor turns m into g?
// backward() accumulates into w's gradient, and w may still have a gradient from an earlier step. w
// is updated in place, because others hold it too. w may have any shape and dtype; m and v keep its
// dtype. Training may resume from a saved state, for example t = 20.
//
// You may use:  loss(w), x.backward(), w.grad(), w.zero_grad(), NoGrad (a scope in which nothing is
//               recorded; only there may w be changed), w.add_(other, factor) (w += factor · other,
//               in place), sqrt(x), std::pow, and + - * /.
#include <cmath>

#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

void adam_step(Tensor& w, AdamState& state, const Loss& loss, double lr) {
  // solution: compute the gradient, then update m, v and w
  w.zero_grad();
  loss(w).backward();
  const NoGrad no_grad;
  const Tensor& g = w.grad();
  ++state.t;
  state.m = 0.9 * state.m + 0.1 * g;
  state.v = 0.999 * state.v + 0.001 * g * g;
  const Tensor m = state.m / (1 - std::pow(0.9, state.t));
  const Tensor v = state.v / (1 - std::pow(0.999, state.t));
  w.add_(m / (sqrt(v) + 1e-8), -lr);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. After one step m is 0.1 g. Which divisor turns it into g, and which one after two steps with
//    the same g?
// 2. Clear the gradient and run backward; under NoGrad update t, m and v; compute m / (1 - 0.9^t)
//    and v / (1 - 0.999^t); update w in place.
// 3. `w.zero_grad(); loss(w).backward(); const NoGrad no_grad;` then the formulas in the given
//    order, and finally `w.add_(m / (sqrt(v) + 1e-8), -lr)` with the corrected m and v.
