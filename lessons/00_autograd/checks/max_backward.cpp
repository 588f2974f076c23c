#include <cmath>

#include "lessons/00_autograd/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Assigns dy to the elements selected by the mask and 0 to the others.
Tensor assign(const Mask& selected, const Tensor& dy) { return where(selected, dy, zeros({}, dy.dtype())); }
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
    {{"AG-79", "each of the equal maxima got all of dy: divide it among them, so that dx sums to dy",
      [](auto& x, auto& dy) { return assign(largest_of(x), dy); }},
     {"AG-80", "only the first of the equal maxima got a gradient: divide it evenly among them",
      [](auto& x, auto& dy) {
        std::vector<std::uint8_t> first(static_cast<std::size_t>(x.numel()));
        first[static_cast<std::size_t>(argmax(x.reshape({-1}), 0).item())] = 1;
        return assign(Mask(first, x.shape()), dy);
      }},
     {"AG-81", "dy was divided among all elements: only the largest ones change the maximum",
      [](auto& x, auto& dy) {
        return assign(Mask::full(x.shape(), true), dy / static_cast<double>(x.numel()));
      }},
     {"AG-28", "the incoming gradient is missing: multiply by dy",
      [](auto& x, auto& dy) { return assign(largest_of(x), dy * 0.0 + 1.0 / count(largest_of(x))); }},
     {"AG-74", "the maximum of each row was used: y is the maximum of all elements", [](auto& x, auto& dy) {
        const Mask largest = x.rank() > 0 ? equal(x, max(x, -1, true).values) : largest_of(x);
        return assign(largest, dy / count(largest));
      }}}};

void compare(const std::string& text, const Tensor& x, double dy) {
  exercise.call(text, [=] { return std::tuple(x.clone(), scalar(dy)); }, {.gradients = false});
}

TEST(MaxBackward, OfAUniqueMaximum) {
  compare("max_backward({1, 4, -2}, 3)", tensor({1, 4, -2}), 3);
  compare("max_backward({{-5, -1, -7}, {-2, -3, -4}}, -2)", tensor({{-5, -1, -7}, {-2, -3, -4}}), -2);
}

TEST(MaxBackward, DividesAmongEqualMaxima) {
  compare("max_backward({2, 5, 1, 5}, 3)", tensor({2, 5, 1, 5}), 3);
  compare("max_backward({{0, 7, 2}, {7, 1, 7}}, -4)", tensor({{0, 7, 2}, {7, 1, 7}}), -4);
  compare("max_backward({{3, 3}, {3, 3}}, 1)", tensor({{3, 3}, {3, 3}}), 1);
}

TEST(MaxBackward, OfAMaximumOfZero) { compare("max_backward({0, 0, -1}, 5)", tensor({0, 0, -1}), 5); }

TEST(MaxBackward, DistinguishesNearlyEqualElements) {
  compare("max_backward({1, 0.9999999, 1, -3}, 2)", tensor({1, 0.9999999, 1, -3}), 2);
}

TEST(MaxBackward, OfAnyShape) {
  compare("max_backward(-3, 2), with x of shape ()", scalar(-3), 2);
  compare("max_backward({{{1, 2}, {8, 8}}, {{8, 0}, {-1, 8}}}, 10)",
          tensor({{{1, 2}, {8, 8}}, {{8, 0}, {-1, 8}}}), 10);
  compare("max_backward({{1}, {6}, {6}}, 1)", tensor({{1}, {6}, {6}}), 1);
}

TEST(MaxBackward, OfInfinities) {
  compare("max_backward({1, inf, 3, inf}, 3)", tensor({1, INFINITY, 3, INFINITY}), 3);
  compare("max_backward({-inf, 2, -inf}, 3)", tensor({-INFINITY, 2, -INFINITY}), 3);
  compare("max_backward({-inf, -inf}, 3)", tensor({-INFINITY, -INFINITY}), 3);
}

}  // namespace
}  // namespace heed::exercise

// wrong edit AG-79: `dy / static_cast<double>(largest.count())` => `dy`
