#include <cmath>

#include "lessons/00_autograd/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// The step in its parts, so that a twin can leave one out.
struct Parts {
  bool clear = true;       // the gradient, before backward
  bool count = true;       // t grows; else it stays at 1
  bool correct = true;     // m and v are freed of the zeros that they began with
  bool remember = true;    // m and v go on from step to step
  bool square = true;      // v is of g², else of |g|
  bool root = true;        // divides by the root of v
  double eps_in_root = 0;  // beside eps outside
  double direction = -1;
  bool count_late = false;  // t grows after it was used
  double keep_m = 0.9, keep_v = 0.999;
};

template <Parts parts>
void step(Tensor& w, AdamState& state, const Loss& loss, double lr) {
  if (parts.clear) w.zero_grad();
  loss(w).backward();
  const NoGrad no_grad;
  const Tensor g = w.grad();
  const int t = parts.count_late ? state.t : state.t + 1;
  state.t = parts.count ? state.t + 1 : 1;
  const Tensor m = parts.keep_m * state.m + (1 - parts.keep_m) * g;
  const Tensor v = parts.keep_v * state.v + (1 - parts.keep_v) * (parts.square ? g * g : abs(g));
  if (parts.remember) {
    state.m = m;
    state.v = v;
  }
  const double left_m = parts.correct ? 1 - std::pow(parts.keep_m, parts.count ? t : 1) : 1;
  const double left_v = parts.correct ? 1 - std::pow(parts.keep_v, parts.count ? t : 1) : 1;
  const Tensor spread = parts.root ? sqrt(v / left_v + parts.eps_in_root) : v / left_v;
  w.add_(m / left_m / (spread + (parts.eps_in_root > 0 ? 0 : 1e-8)), parts.direction * lr);
}

const checks::Exercise<decltype(adam_step)> exercise{
    "00_adam_step",
    adam_step,
    step<Parts{}>,
    {{"AG-05", "gradients of earlier steps are still in w.grad(): zero_grad() before backward()",
      step<Parts{.clear = false}>},
     {"AG-26",
      "m and v are not corrected for the zeros that they began with: divide by 1 - 0.9^t and 1 - 0.999^t",
      step<Parts{.correct = false}>},
     {"AG-57", "t stays at 1: it counts the steps, and the correction fades with it",
      step<Parts{.count = false}>},
     {"AG-58", "uphill: the step goes against the gradient", step<Parts{.direction = 1}>},
     {"AG-59", "m and v are forgotten after each step: keep them in state", step<Parts{.remember = false}>},
     {"AG-60", "v is the mean of g², not of g", step<Parts{.square = false}>},
     {"AG-61", "the root of v is missing: divide by √v̂ + 1e-8", step<Parts{.root = false}>},
     {"AG-62", "1e-8 stands outside of the root; inside it is 1e-4", step<Parts{.eps_in_root = 1e-8}>},
     {"AG-77", "t was counted after it was used: 1 - 0.9^0 is 0 in the first step, and 0 / 0 is NaN",
      step<Parts{.count_late = true}>},
     {"AG-78", "0.9 and 0.999 are exchanged: m keeps 0.9 of itself, v keeps 0.999",
      step<Parts{.keep_m = 0.999, .keep_v = 0.9}>},
     {"AG-63", "w is another tensor now, and those who hold the old one see no step: change it in place",
      [](Tensor& w, AdamState& state, const Loss& loss, double lr) {
        Tensor moved = w.clone().detach().set_requires_grad();
        step<Parts{}>(moved, state, loss, lr);
        w = moved;
      }}}};

// A bowl, steeper in some directions than in others.
Loss bowl(const Tensor& bottom, const Tensor& steepness) {
  return [=](const Tensor& w) { return (steepness * (w - bottom) * (w - bottom)).sum(); };
}

struct Training {
  Tensor w;
  AdamState state;
  explicit Training(const Tensor& start)
      : w(start.clone().set_requires_grad()),
        state{zeros(start.shape(), start.dtype()), zeros(start.shape(), start.dtype())} {}
};

TEST(AdamStep, BeginsWithAFullStep) {
  exercise.compare("w, at first 1, after one adam_step with a gradient of 0.5 and lr = 0.1", [](auto f) {
    Training a(tensor({1}));
    const Loss loss = [](const Tensor& w) { return (0.5 * w).sum(); };
    f(a.w, a.state, loss, 0.1);
    return a.w;
  });
}

std::vector<Tensor> numbers(const Training& a) { return {a.w, a.state.m, a.state.v, scalar(a.state.t)}; }

// Five steps down a bowl over w (2, 3).
template <class F>
std::vector<Tensor> five_steps(F f, const Tensor& start) {
  Training a(start);
  const DType dtype = start.dtype();
  const Loss loss =
      bowl(tensor({{0, 1, 2.9}, {-3, 0.2, 5}}, dtype), tensor({{0.3, 1, 4}, {0.1, 2, 0.5}}, dtype));
  for (int i = 0; i < 5; ++i) f(a.w, a.state, loss, 0.05);
  if (a.w.dtype() != dtype || a.state.m.dtype() != dtype || a.state.v.dtype() != dtype)
    throw std::runtime_error("expected w, m and v to keep their dtype");
  return numbers(a);
}

TEST(AdamStep, GoesOnFromStepToStep) {
  exercise.compare("w, m, v, t after five steps down a bowl over w (2, 3), lr = 0.05", [](auto f) {
    return five_steps(f, tensor({{1, -2, 3}, {0.5, 0, -1}}));
  });
  exercise.compare("w, m, v, t after five steps down a bowl over w (2, 3), lr = 0.05, in f64", [](auto f) {
    return five_steps(f, tensor({{1, -2, 3}, {0.5, 0, -1}}, f64));
  });
}

TEST(AdamStep, TakesAnyShape) {
  exercise.compare("w, m, v, t after two steps down a bowl over w (), at first 2, lr = 0.1", [](auto f) {
    Training a(scalar(2));
    for (int i = 0; i < 2; ++i) f(a.w, a.state, bowl(scalar(0.5), scalar(1)), 0.1);
    return numbers(a);
  });
  exercise.compare("w, m, v, t after two steps down a bowl over w (2, 2), a non-contiguous view, lr = 0.1",
                   [](auto f) {
                     Training a(tensor({{1, -2}, {3, 0.5}}));
                     a.w = checks::as_view(a.w.detach()).set_requires_grad();
                     const Loss loss = bowl(tensor({{0, 1}, {2, -3}}), tensor({{0.3, 1}, {0.1, 2}}));
                     for (int i = 0; i < 2; ++i) f(a.w, a.state, loss, 0.1);
                     return numbers(a);
                   });
}

TEST(AdamStep, GoesOnFromASavedState) {
  exercise.compare(
      "w, m, v, t after one step from w = {2, -1}, m = {0.5, -2}, v = {0.1, 3}, t = 20, lr = 0.1",
      [](auto f) {
        Training a(tensor({2, -1}));
        a.state = {tensor({0.5, -2}), tensor({0.1, 3}), 20};
        f(a.w, a.state, bowl(tensor({0, 0}), tensor({1, 3})), 0.1);
        return numbers(a);
      });
}

TEST(AdamStep, KeepsTwoTensorsApart) {
  exercise.compare("w, m, v, t of two tensors that take three steps in turns, lr = 0.1 and 0.02", [](auto f) {
    Training a(tensor({2, -1})), b(tensor({5, 0.5, 1}));
    for (int i = 0; i < 3; ++i) {
      f(a.w, a.state, bowl(tensor({0, 0}), tensor({1, 3})), 0.1);
      f(b.w, b.state, bowl(tensor({1, 1, 3}), tensor({0.2, 3, 1})), 0.02);
    }
    std::vector<Tensor> both = numbers(a);
    for (const Tensor& t : numbers(b)) both.push_back(t);
    return both;
  });
}

TEST(AdamStep, TakesNoOldGradientForANewOne) {
  exercise.compare("w, at first {2, -1}, m and v after one step; its gradient was {-100, 100} before",
                   [](auto f) {
                     Training a(tensor({2, -1}));
                     a.w.set_grad(tensor({-100, 100}));
                     f(a.w, a.state, bowl(tensor({0, 0}), tensor({1, 3})), 0.1);
                     return numbers(a);
                   });
}

TEST(AdamStep, HardlyMovesWhereThereIsNoSlope) {
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
      "another handle of w, at first {2, -1}, after one step with lr = 0.1; is w still that tensor, a leaf, "
      "and "
      "does it require grad?",
      [](auto f) {
        Training a(tensor({2, -1}));
        const Tensor held = a.w;
        f(a.w, a.state, bowl(tensor({0, 0}), tensor({1, 3})), 0.1);
        return std::vector<Tensor>{held, scalar(held.state() == a.w.state()), scalar(a.w.is_leaf()),
                                   scalar(a.w.requires_grad())};
      });
}

TEST(AdamStep, LeavesNoGraphBehind) {
  exercise.invariant("", "after the step no node of a graph may be left", [](auto f) {
    const auto before = live_nodes();
    Training a(tensor({2, -1}));
    for (int i = 0; i < 2; ++i) f(a.w, a.state, bowl(tensor({0, 0}), tensor({1, 3})), 0.1);
    return live_nodes() == before;
  });
}

}  // namespace
}  // namespace heed::exercise
