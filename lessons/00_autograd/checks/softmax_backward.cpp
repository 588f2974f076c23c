#include "lessons/00_autograd/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Tensor row_sums(const Tensor& x) { return x.sum({-1}, true); }

const checks::Exercise<decltype(softmax_backward)> exercise{
    "00_softmax_backward",
    softmax_backward,
    [](auto& y, auto& dy) { return y * (dy - row_sums(dy * y)); },
    {{"AG-16", "only the diagonal was used: every output of a row depends on every input of the row",
      [](auto& y, auto& dy) { return dy * y * (1.0 - y); }},
     {"AG-46", "subtract the sum of dy · y, not the sum of dy",
      [](auto& y, auto& dy) { return y * (dy - row_sums(dy)); }},
     {"AG-47", "one sum for all rows: each row is a separate softmax",
      [](auto& y, auto& dy) { return y * (dy - (dy * y).sum()); }},
     {"AG-48", "the factor y is missing: the gradient of an output near 0 is small",
      [](auto& y, auto& dy) { return dy - row_sums(dy * y); }},
     {"AG-49", "y · dy ignores the other outputs of the row: subtract their part",
      [](auto& y, auto& dy) { return y * dy; }},
     {"AG-50", "the sum is over the last axis: a row of the softmax, not a column",
      [](auto& y, auto& dy) { return y * (dy - (dy * y).sum({0}, true)); }}}};

void compare(const std::string& text, const Tensor& y, const Tensor& dy) {
  exercise.call(text, [=] { return std::tuple(y.clone(), dy.clone()); }, {.gradients = false});
}

TEST(SoftmaxBackward, OfTwoEqualOutputs) {
  compare("softmax_backward({{0.5, 0.5}}, {{1, 0}})", tensor({{0.5, 0.5}}), tensor({{1, 0}}));
}

TEST(SoftmaxBackward, OfDifferentRows) {
  compare("softmax_backward({{0.2, 0.3, 0.5}, {0.7, 0.1, 0.2}}, {{1, -2, 4}, {3, 0.5, -1}})",
          tensor({{0.2, 0.3, 0.5}, {0.7, 0.1, 0.2}}), tensor({{1, -2, 4}, {3, 0.5, -1}}));
}

TEST(SoftmaxBackward, OfAsManyRowsAsColumns) {
  compare(
      "softmax_backward({{0.2, 0.3, 0.5}, {0.7, 0.1, 0.2}, {0.4, 0.4, 0.2}}, {{1, -2, 4}, {3, 0.5, -1}, {0, "
      "2, -3}})",
      tensor({{0.2, 0.3, 0.5}, {0.7, 0.1, 0.2}, {0.4, 0.4, 0.2}}),
      tensor({{1, -2, 4}, {3, 0.5, -1}, {0, 2, -3}}));
}

TEST(SoftmaxBackward, OfMoreAxes) {
  Generator gen(6);
  const Tensor x = randn({2, 3, 4}, gen), dy = randn({2, 3, 4}, gen);
  compare("softmax_backward(y, dy) of softmax(x, -1) with x (2, 3, 4)", softmax(x, -1), dy);
  compare("softmax_backward(y, dy) of softmax(x, -1) with x (1, 3, 4)", softmax(x, -1).slice(0, 0, 1),
          dy.slice(0, 0, 1));
  compare("softmax_backward(y, dy) of a single row (3)", tensor({0.2, 0.3, 0.5}), tensor({1, -2, 4}));
}

TEST(SoftmaxBackward, OfOutputsThatAreZero) {
  compare(
      "softmax_backward({{1, 0, 0}, {0, 0, 0}, {0, 0.5, 0.5}}, {{3, 1000, -2}, {1, 2, 3}, {-1000, 5, 1}}), "
      "with "
      "a fully masked row",
      tensor({{1, 0, 0}, {0, 0, 0}, {0, 0.5, 0.5}}), tensor({{3, 1000, -2}, {1, 2, 3}, {-1000, 5, 1}}));
}

TEST(SoftmaxBackward, OfRowsOfOneNumber) {
  compare("softmax_backward({{1}, {1}}, {{5}, {-2}})", tensor({{1}, {1}}), tensor({{5}, {-2}}));
}

TEST(SoftmaxBackward, AgreesWithNumericalDifferences) {
  exercise.invariant("", "changing one x by 1e-6 must change sum(dy · y) by dx · 1e-6", [](auto f) {
    Generator gen(7);
    const Tensor x = randn({3, 5}, gen, f64), dy = randn({3, 5}, gen, f64);
    const NoGrad no_grad;
    const Tensor dx = f(softmax(x, -1), dy);
    const auto weighted_sum = [&](index_t r, index_t c, double h) {
      Tensor moved = x.clone();
      moved.set({r, c}, moved.at({r, c}) + h);
      return (softmax(moved, -1) * dy).sum().item();
    };
    double worst = 0;
    for (index_t r = 0; r < 3; ++r)
      for (index_t c = 0; c < 5; ++c)
        worst = std::max(
            worst, std::abs((weighted_sum(r, c, 1e-6) - weighted_sum(r, c, -1e-6)) / 2e-6 - dx.at({r, c})));
    return worst < 1e-7;
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit AG-16: `(dy - (dy * y).sum({-1}, true))` => `dy * (1.0 - y)`
