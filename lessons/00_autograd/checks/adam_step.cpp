#include <cmath>

#include "lessons/00_autograd/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// The parts of a step, so that a twin can omit one.
struct Parts {
  bool clear = true;        // clears the gradient before backward
  bool count = true;        // increments t; otherwise t stays at 1
  bool correct = true;      // applies the bias correction to m and v
  bool remember = true;     // stores m and v in the state
  bool square = true;       // v averages g², otherwise |g|
  bool root = true;         // divides by the root of v
  double eps_in_root = 0;   // if positive, replaces the eps outside the root
  double direction = -1;    // the sign of the step
  bool count_late = false;  // increments t after it is used
  double beta1 = 0.9, beta2 = 0.999;
};

template <Parts parts>
void step(Tensor& w, AdamState& state, const Loss& loss, double lr) {
  if (parts.clear) w.zero_grad();
  loss(w).backward();
  const NoGrad no_grad;
  const Tensor g = w.grad();
  const int t = parts.count_late ? state.t : state.t + 1;
  state.t = parts.count ? state.t + 1 : 1;
  const Tensor m = parts.beta1 * state.m + (1 - parts.beta1) * g;
  const Tensor v = parts.beta2 * state.v + (1 - parts.beta2) * (parts.square ? g * g : abs(g));
  if (parts.remember) {
    state.m = m;
    state.v = v;
  }
  const double correction1 = parts.correct ? 1 - std::pow(parts.beta1, parts.count ? t : 1) : 1;
  const double correction2 = parts.correct ? 1 - std::pow(parts.beta2, parts.count ? t : 1) : 1;
  const Tensor denominator = parts.root ? sqrt(v / correction2 + parts.eps_in_root) : v / correction2;
  w.add_(m / correction1 / (denominator + (parts.eps_in_root > 0 ? 0 : 1e-8)), parts.direction * lr);
}

const checks::Exercise<decltype(adam_step)> exercise{
    "00_adam_step",
    adam_step,
    step<Parts{}>,
    {{"AG-05", "gradients of earlier steps are still in w.grad(): call zero_grad() before backward()",
      step<Parts{.clear = false}>},
     {"AG-26", "the bias correction is missing: divide m and v by 1 - 0.9^t and 1 - 0.999^t",
      step<Parts{.correct = false}>},
     {"AG-57", "t stays at 1: increment it in every step, so that the bias correction vanishes",
      step<Parts{.count = false}>},
     {"AG-58", "the step increases the loss: subtract it", step<Parts{.direction = 1}>},
     {"AG-59", "m and v are lost after each step: store them in state", step<Parts{.remember = false}>},
     {"AG-60", "v is an average of g or |g|: average g²", step<Parts{.square = false}>},
     {"AG-61", "the root of v is missing: divide by √v̂ + 1e-8", step<Parts{.root = false}>},
     {"AG-62", "1e-8 belongs outside the root: inside it counts as 1e-4", step<Parts{.eps_in_root = 1e-8}>},
     {"AG-77", "t was incremented after it was used: 1 - 0.9^0 is 0 in the first step, and 0 / 0 is NaN",
      step<Parts{.count_late = true}>},
     {"AG-78", "the decay rates are exchanged: 0.9 belongs to m, 0.999 to v",
      step<Parts{.beta1 = 0.999, .beta2 = 0.9}>},
     {"AG-63", "w was replaced by another tensor; other holders do not see the step. Update it in place",
      [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
        Tensor moved = w.clone().detach().set_requires_grad();
        step<Parts{}>(moved, state, loss, lr);
        w = moved;
      }}}};

// A quadratic loss with different curvatures.
Loss quadratic(const Tensor& minimum, const Tensor& curvature) {
  return [=](const Tensor& w) { return (curvature * (w - minimum) * (w - minimum)).sum(); };
}

struct Training {
  Tensor w;
  AdamState state;
  explicit Training(const Tensor& start)
      : w(start.clone().set_requires_grad()),
        state{zeros(start.shape(), start.dtype()), zeros(start.shape(), start.dtype())} {}
};

TEST(AdamStep, FirstStepHasLengthLr) {
  exercise.compare("w, at first 1, after one adam_step with a gradient of 0.5 and lr = 0.1", [](auto f) {
    Training a(tensor({1}));
    const Loss loss = [](const Tensor& w) { return (0.5 * w).sum(); };
    f(a.w, a.state, loss, 0.1);
    return a.w;
  });
}

std::vector<Tensor> numbers(const Training& a) { return {a.w, a.state.m, a.state.v, scalar(a.state.t)}; }

// Runs five steps on a quadratic loss of w (2, 3).
template <class F>
std::vector<Tensor> five_steps(F f, const Tensor& start) {
  Training a(start);
  const DType dtype = start.dtype();
  const Loss loss =
      quadratic(tensor({{0, 1, 2.9}, {-3, 0.2, 5}}, dtype), tensor({{0.3, 1, 4}, {0.1, 2, 0.5}}, dtype));
  for (int i = 0; i < 5; ++i) f(a.w, a.state, loss, 0.05);
  if (a.w.dtype() != dtype || a.state.m.dtype() != dtype || a.state.v.dtype() != dtype)
    throw std::runtime_error("expected w, m and v to keep their dtype");
  return numbers(a);
}

TEST(AdamStep, KeepsItsStateBetweenSteps) {
  exercise.compare("w, m, v, t after five steps on a quadratic loss of w (2, 3), lr = 0.05", [](auto f) {
    return five_steps(f, tensor({{1, -2, 3}, {0.5, 0, -1}}));
  });
  exercise.compare("w, m, v, t after five steps on a quadratic loss of w (2, 3), lr = 0.05, in f64",
                   [](auto f) {
                     return five_steps(f, tensor({{1, -2, 3}, {0.5, 0, -1}}, f64));
                   });
}

TEST(AdamStep, SupportsAnyShape) {
  exercise.compare("w, m, v, t after two steps on a quadratic loss of w (), at first 2, lr = 0.1",
                   [](auto f) {
                     Training a(scalar(2));
                     for (int i = 0; i < 2; ++i) f(a.w, a.state, quadratic(scalar(0.5), scalar(1)), 0.1);
                     return numbers(a);
                   });
  exercise.compare(
      "w, m, v, t after two steps on a quadratic loss of w (2, 2), a non-contiguous view, lr = 0.1",
      [](auto f) {
        Training a(tensor({{1, -2}, {3, 0.5}}));
        a.w = checks::as_view(a.w.detach()).set_requires_grad();
        const Loss loss = quadratic(tensor({{0, 1}, {2, -3}}), tensor({{0.3, 1}, {0.1, 2}}));
        for (int i = 0; i < 2; ++i) f(a.w, a.state, loss, 0.1);
        return numbers(a);
      });
}

TEST(AdamStep, ResumesFromASavedState) {
  exercise.compare(
      "w, m, v, t after one step from w = {2, -1}, m = {0.5, -2}, v = {0.1, 3}, t = 20, lr = 0.1",
      [](auto f) {
        Training a(tensor({2, -1}));
        a.state = {tensor({0.5, -2}), tensor({0.1, 3}), 20};
        f(a.w, a.state, quadratic(tensor({0, 0}), tensor({1, 3})), 0.1);
        return numbers(a);
      });
}

TEST(AdamStep, KeepsTwoTensorsSeparate) {
  exercise.compare("w, m, v, t of two tensors that alternate for three steps, lr = 0.1 and 0.02", [](auto f) {
    Training a(tensor({2, -1})), b(tensor({5, 0.5, 1}));
    for (int i = 0; i < 3; ++i) {
      f(a.w, a.state, quadratic(tensor({0, 0}), tensor({1, 3})), 0.1);
      f(b.w, b.state, quadratic(tensor({1, 1, 3}), tensor({0.2, 3, 1})), 0.02);
    }
    std::vector<Tensor> both = numbers(a);
    for (const Tensor& t : numbers(b)) both.push_back(t);
    return both;
  });
}

TEST(AdamStep, IgnoresAnEarlierGradient) {
  exercise.compare("w, at first {2, -1}, m and v after one step; its gradient was {-100, 100} before",
                   [](auto f) {
                     Training a(tensor({2, -1}));
                     a.w.set_grad(tensor({-100, 100}));
                     f(a.w, a.state, quadratic(tensor({0, 0}), tensor({1, 3})), 0.1);
                     return numbers(a);
                   });
}

TEST(AdamStep, DividesTinyGradientsByTheirRootAndEps) {
  exercise.compare(
      "1000 (w - 1) of w, at first {1, 1, 1}, after three steps with gradients 1e-7, 0 and 1e-6, lr = 0.1, "
      "in f64",
      [](auto f) {
        Training a(tensor({1, 1, 1}, f64));
        const Tensor slopes = tensor({1e-7, 0, 1e-6}, f64);
        const Loss loss = [&](const Tensor& w) { return (slopes * w).sum(); };
        for (int i = 0; i < 3; ++i) f(a.w, a.state, loss, 0.1);
        return (a.w.detach() - 1.0) * 1000.0;
      });
}

TEST(AdamStep, ChangesWInPlace) {
  exercise.compare(
      "another handle of w, at first {2, -1}, after one step with lr = 0.1; whether w is the same tensor, is "
      "a leaf, and requires grad",
      [](auto f) {
        Training a(tensor({2, -1}));
        const Tensor held = a.w;
        f(a.w, a.state, quadratic(tensor({0, 0}), tensor({1, 3})), 0.1);
        return std::vector<Tensor>{held, scalar(held.state() == a.w.state()), scalar(a.w.is_leaf()),
                                   scalar(a.w.requires_grad())};
      });
}

TEST(AdamStep, LeavesNoGraph) {
  exercise.invariant("", "no node of the graph may be alive after the step", [](auto f) {
    const auto before = live_nodes();
    Training a(tensor({2, -1}));
    for (int i = 0; i < 2; ++i) f(a.w, a.state, quadratic(tensor({0, 0}), tensor({1, 3})), 0.1);
    return live_nodes() == before;
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit AG-05: `w.zero_grad();` => ``
