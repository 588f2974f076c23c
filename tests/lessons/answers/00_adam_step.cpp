#include <cmath>

#include "lessons/00_autograd/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor gradient_of(Tensor& w, const Loss& loss) {
  w.zero_grad();
  loss(w).backward();
  return w.grad();
}
// Updates m, v and t for one more step.
void update_state(AdamState& state, const Tensor& g) {
  const NoGrad no_grad;
  ++state.t;
  state.m = 0.9 * state.m + 0.1 * g;
  state.v = 0.999 * state.v + 0.001 * g * g;
}
void update_w(Tensor& w, const Tensor& m, const Tensor& v, int t, double lr, double eps) {
  const NoGrad no_grad;
  w.add_(m / (1 - std::pow(0.9, t)) / (sqrt(v / (1 - std::pow(0.999, t))) + eps), -lr);
}

const Answers<decltype(adam_step)> answers{
    {"the state in place", "pass",
     [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
       const Tensor g = gradient_of(w, loss);
       const NoGrad no_grad;
       state.m.mul_(0.9).add_(g, 0.1);
       state.v.mul_(0.999).add_(g * g, 0.001);
       state.t = state.t + 1;
       update_w(w, state.m, state.v, state.t, lr, 1e-8);
     }},
    {"element by element", "pass",
     [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
       const Tensor g = gradient_of(w, loss);
       const NoGrad no_grad;
       ++state.t;
       std::vector<double> x = w.to_vector(), m = state.m.to_vector(), v = state.v.to_vector();
       const std::vector<double> slopes = g.to_vector();
       for (std::size_t i = 0; i < x.size(); ++i) {
         m[i] += 0.1 * (slopes[i] - m[i]);
         v[i] += 0.001 * (slopes[i] * slopes[i] - v[i]);
         x[i] -= lr * m[i] / (1 - std::pow(0.9, state.t)) /
                 (std::sqrt(v[i] / (1 - std::pow(0.999, state.t))) + 1e-8);
       }
       state.m = from_vector(m, w.shape(), w.dtype());
       state.v = from_vector(v, w.shape(), w.dtype());
       w.copy_(from_vector(x, w.shape(), w.dtype()));
     }},
    {"the corrections as factors of lr and eps", "pass",
     [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
       update_state(state, gradient_of(w, loss));
       const NoGrad no_grad;
       const double root = std::sqrt(1 - std::pow(0.999, state.t));
       w.add_(state.m / (sqrt(state.v) + 1e-8 * root), -lr * root / (1 - std::pow(0.9, state.t)));
     }},
    {"the state in f32", "wrong",
     [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
       update_state(state, gradient_of(w, loss));
       update_w(w, state.m, state.v, state.t, lr, 1e-8);
       state.m = state.m.to(f32);
       state.v = state.v.to(f32);
     }},
    {"no zero_grad", "AG-05",
     [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
       loss(w).backward();
       update_state(state, w.grad());
       update_w(w, state.m, state.v, state.t, lr, 1e-8);
     }},
    {"zero_grad after the step", "AG-05",
     [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
       loss(w).backward();
       update_state(state, w.grad());
       update_w(w, state.m, state.v, state.t, lr, 1e-8);
       w.zero_grad();
     }},
    {"t is counted after the step", "AG-77",
     [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
       update_state(state, gradient_of(w, loss));
       update_w(w, state.m, state.v, state.t - 1, lr, 1e-8);
     }},
    {"0.9 and 0.999 exchanged", "AG-78",
     [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
       const Tensor g = gradient_of(w, loss);
       const NoGrad no_grad;
       ++state.t;
       state.m = 0.999 * state.m + 0.001 * g;
       state.v = 0.9 * state.v + 0.1 * g * g;
       w.add_(
           state.m / (1 - std::pow(0.999, state.t)) / (sqrt(state.v / (1 - std::pow(0.9, state.t))) + 1e-8),
           -lr);
     }},
    {"a static count of steps", "wrong",
     [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
       static int t = 0;
       update_state(state, gradient_of(w, loss));
       update_w(w, state.m, state.v, ++t, lr, 1e-8);
     }},
    {"v̂ is not corrected", "wrong",
     [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
       update_state(state, gradient_of(w, loss));
       const NoGrad no_grad;
       w.add_(state.m / (1 - std::pow(0.9, state.t)) / (sqrt(state.v) + 1e-8), -lr);
     }},
    {"the corrected means are stored", "wrong",
     [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
       update_state(state, gradient_of(w, loss));
       state.m = state.m / (1 - std::pow(0.9, state.t));
       state.v = state.v / (1 - std::pow(0.999, state.t));
       const NoGrad no_grad;
       w.add_(state.m / (sqrt(state.v) + 1e-8), -lr);
     }},
    {"eps = 1e-6", "wrong",
     [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
       update_state(state, gradient_of(w, loss));
       update_w(w, state.m, state.v, state.t, lr, 1e-6);
     }},
    {"no eps", "wrong",
     [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
       update_state(state, gradient_of(w, loss));
       update_w(w, state.m, state.v, state.t, lr, 0);
     }},
    {"plain gradient descent", "wrong",
     [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
       const Tensor g = gradient_of(w, loss);
       update_state(state, g);
       const NoGrad no_grad;
       w.add_(g, -lr);
     }},
    {"the wrong sign and no bias correction", "wrong",
     [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
       update_state(state, gradient_of(w, loss));
       const NoGrad no_grad;
       w.add_(state.m / (sqrt(state.v) + 1e-8), lr);
     }},
    {"w is replaced by another tensor", "AG-63",
     [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
       update_state(state, gradient_of(w, loss));
       Tensor next = w.detach().clone();
       update_w(next, state.m, state.v, state.t, lr, 1e-8);
       w = next.set_requires_grad();
     }},
    {"w no longer requires grad", "wrong",
     [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
       update_state(state, gradient_of(w, loss));
       update_w(w, state.m, state.v, state.t, lr, 1e-8);
       w.set_requires_grad(false);
     }},
    {"the state records a graph", "wrong",
     [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
       const Tensor g = gradient_of(w, loss) + w * 0.0;
       ++state.t;
       state.m = 0.9 * state.m + 0.1 * g;
       state.v = 0.999 * state.v + 0.001 * g * g;
       update_w(w, state.m, state.v, state.t, lr, 1e-8);
     }},
    {"the gradient is clipped to [-1, 1]", "wrong",
     [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
       update_state(state, clamp(gradient_of(w, loss), -1, 1));
       update_w(w, state.m, state.v, state.t, lr, 1e-8);
     }},
    {"lr is always 0.1", "wrong", [](Tensor& w, AdamState& state, const Loss& loss, double) {
       update_state(state, gradient_of(w, loss));
       update_w(w, state.m, state.v, state.t, 0.1, 1e-8);
     }}};

}  // namespace

void adam_step(Tensor& w, AdamState& state, const Loss& loss, double lr) {
  answers.chosen(w, state, loss, lr);
}

}  // namespace heed::exercise
