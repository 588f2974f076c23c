#include "lessons/00_autograd/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Tensor row_sums(const Tensor& x) { return x.sum({-1}, true); }

const checks::Exercise<decltype(softmax_backward)> exercise{
    "00_softmax_backward",
    softmax_backward,
    [](auto& y, auto& dy) { return y * (dy - row_sums(dy * y)); },
    {{"AG-16", "only an input's own output was asked: every output of a row depends on every input of it",
      [](auto& y, auto& dy) { return dy * y * (1.0 - y); }},
     {"AG-46", "take away the sum of dy · y, not that of dy: large outputs weigh more",
      [](auto& y, auto& dy) { return y * (dy - row_sums(dy)); }},
     {"AG-47", "one sum for all rows: each row is a whole of its own",
      [](auto& y, auto& dy) { return y * (dy - (dy * y).sum()); }},
     {"AG-48", "the factor y is missing: an output near 0 hardly moves",
      [](auto& y, auto& dy) { return dy - row_sums(dy * y); }},
     {"AG-49", "only the outputs' own slopes, y · dy: what the rest of the row gives up is missing",
      [](auto& y, auto& dy) { return y * dy; }},
     {"AG-50", "the sum is over the last axis: a row of the softmax, not a column",
      [](auto& y, auto& dy) { return y * (dy - (dy * y).sum({0}, true)); }}}};

void ask(const std::string& text, const Tensor& y, const Tensor& dy) {
  exercise.call(text, [=] { return std::tuple(y.clone(), dy.clone()); }, {.gradients = false});
}

TEST(SoftmaxBackward, OfTwoEqualShares) {
  ask("softmax_backward({{0.5, 0.5}}, {{1, 0}})", tensor({{0.5, 0.5}}), tensor({{1, 0}}));
}

TEST(SoftmaxBackward, OfRowsThatDiffer) {
  ask("softmax_backward({{0.2, 0.3, 0.5}, {0.7, 0.1, 0.2}}, {{1, -2, 4}, {3, 0.5, -1}})",
      tensor({{0.2, 0.3, 0.5}, {0.7, 0.1, 0.2}}), tensor({{1, -2, 4}, {3, 0.5, -1}}));
}

TEST(SoftmaxBackward, OfAsManyRowsAsColumns) {
  ask("softmax_backward({{0.2, 0.3, 0.5}, {0.7, 0.1, 0.2}, {0.4, 0.4, 0.2}}, {{1, -2, 4}, {3, 0.5, -1}, {0, "
      "2, -3}})",
      tensor({{0.2, 0.3, 0.5}, {0.7, 0.1, 0.2}, {0.4, 0.4, 0.2}}),
      tensor({{1, -2, 4}, {3, 0.5, -1}, {0, 2, -3}}));
}

TEST(SoftmaxBackward, OfMoreAxes) {
  Generator gen(6);
  const Tensor x = randn({2, 3, 4}, gen), dy = randn({2, 3, 4}, gen);
  ask("softmax_backward(y, dy) of softmax(x, -1) with x (2, 3, 4)", softmax(x, -1), dy);
  ask("softmax_backward(y, dy) of softmax(x, -1) with x (1, 3, 4)", softmax(x, -1).slice(0, 0, 1),
      dy.slice(0, 0, 1));
  ask("softmax_backward(y, dy) of a single row (3)", tensor({0.2, 0.3, 0.5}), tensor({1, -2, 4}));
}

TEST(SoftmaxBackward, OfOutputsThatAreZero) {
  ask("softmax_backward({{1, 0, 0}, {0, 0, 0}, {0, 0.5, 0.5}}, {{3, 1000, -2}, {1, 2, 3}, {-1000, 5, 1}}), a "
      "row of "
      "zeros being fully masked",
      tensor({{1, 0, 0}, {0, 0, 0}, {0, 0.5, 0.5}}), tensor({{3, 1000, -2}, {1, 2, 3}, {-1000, 5, 1}}));
}

TEST(SoftmaxBackward, OfRowsOfOneNumber) {
  ask("softmax_backward({{1}, {1}}, {{5}, {-2}})", tensor({{1}, {1}}), tensor({{5}, {-2}}));
}

TEST(SoftmaxBackward, IsWhatIsMeasured) {
  exercise.invariant("", "moving one x by a millionth must change sum(dy · y) as dx says", [](auto f) {
    Generator gen(7);
    const Tensor x = randn({3, 5}, gen, f64), dy = randn({3, 5}, gen, f64);
    const NoGrad no_grad;
    const Tensor dx = f(softmax(x, -1), dy);
    const auto weighed = [&](index_t r, index_t c, double h) {
      Tensor moved = x.clone();
      moved.set({r, c}, moved.at({r, c}) + h);
      return (softmax(moved, -1) * dy).sum().item();
    };
    double worst = 0;
    for (index_t r = 0; r < 3; ++r)
      for (index_t c = 0; c < 5; ++c)
        worst =
            std::max(worst, std::abs((weighed(r, c, 1e-6) - weighed(r, c, -1e-6)) / 2e-6 - dx.at({r, c})));
    return worst < 1e-7;
  });
}

}  // namespace
}  // namespace heed::exercise
