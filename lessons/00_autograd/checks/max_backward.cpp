#include <cmath>

#include "lessons/00_autograd/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// dy, or a part of it, where `chosen` is true; else 0.
Tensor given_to(const Mask& chosen, const Tensor& dy) { return where(chosen, dy, zeros({}, dy.dtype())); }
double count(const Mask& mask) { return static_cast<double>(mask.count()); }
Mask largest_of(const Tensor& x) { return equal(x, max(x)); }

const checks::Exercise<decltype(max_backward)> exercise{
    "00_max_backward",
    max_backward,
    [](auto& x, auto& dy) {
      Tensor leaf = x.detach().clone().set_requires_grad();
      max(leaf).backward(dy.detach());
      return leaf.grad();
    },
    {{"AG-79", "each of the equal maxima got all of dy: they share it, so that dx sums to dy",
      [](auto& x, auto& dy) { return given_to(largest_of(x), dy); }},
     {"AG-80", "only the first of the equal maxima got a gradient: they share it evenly",
      [](auto& x, auto& dy) {
        std::vector<std::uint8_t> first(static_cast<std::size_t>(x.numel()));
        first[static_cast<std::size_t>(argmax(x.reshape({-1}), 0).item())] = 1;
        return given_to(Mask(first, x.shape()), dy);
      }},
     {"AG-81", "dy was shared among all elements: only those that are the largest move the maximum",
      [](auto& x, auto& dy) {
        return given_to(Mask::full(x.shape(), true), dy / static_cast<double>(x.numel()));
      }},
     {"AG-28", "the gradient that has come to y is missing: multiply the shares with dy",
      [](auto& x, auto& dy) { return given_to(largest_of(x), dy * 0.0 + 1.0 / count(largest_of(x))); }},
     {"AG-74", "the largest of each row: y is the largest of all elements", [](auto& x, auto& dy) {
        const Mask largest = x.rank() > 0 ? equal(x, max(x, -1, true).values) : largest_of(x);
        return given_to(largest, dy / count(largest));
      }}}};

void ask(const std::string& text, const Tensor& x, double dy) {
  exercise.call(text, [=] { return std::tuple(x.clone(), scalar(dy)); }, {.gradients = false});
}

TEST(MaxBackward, OfOneLargest) {
  ask("max_backward({1, 4, -2}, 3)", tensor({1, 4, -2}), 3);
  ask("max_backward({{-5, -1, -7}, {-2, -3, -4}}, -2)", tensor({{-5, -1, -7}, {-2, -3, -4}}), -2);
}

TEST(MaxBackward, SharesAmongEqualMaxima) {
  ask("max_backward({2, 5, 1, 5}, 3)", tensor({2, 5, 1, 5}), 3);
  ask("max_backward({{0, 7, 2}, {7, 1, 7}}, -4)", tensor({{0, 7, 2}, {7, 1, 7}}), -4);
  ask("max_backward({{3, 3}, {3, 3}}, 1)", tensor({{3, 3}, {3, 3}}), 1);
}

TEST(MaxBackward, OfZerosAlone) { ask("max_backward({0, 0, -1}, 5)", tensor({0, 0, -1}), 5); }

TEST(MaxBackward, TellsElementsApartThatNearlyAgree) {
  ask("max_backward({1, 0.9999999, 1, -3}, 2)", tensor({1, 0.9999999, 1, -3}), 2);
}

TEST(MaxBackward, OfAnyShape) {
  ask("max_backward(-3, 2), x being a single number of shape ()", scalar(-3), 2);
  ask("max_backward({{{1, 2}, {8, 8}}, {{8, 0}, {-1, 8}}}, 10)",
      tensor({{{1, 2}, {8, 8}}, {{8, 0}, {-1, 8}}}), 10);
  ask("max_backward({{1}, {6}, {6}}, 1)", tensor({{1}, {6}, {6}}), 1);
}

TEST(MaxBackward, OfInfinities) {
  ask("max_backward({1, inf, 3, inf}, 3)", tensor({1, INFINITY, 3, INFINITY}), 3);
  ask("max_backward({-inf, 2, -inf}, 3)", tensor({-INFINITY, 2, -INFINITY}), 3);
  ask("max_backward({-inf, -inf}, 3)", tensor({-INFINITY, -INFINITY}), 3);
}

}  // namespace
}  // namespace heed::exercise
