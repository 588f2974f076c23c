#include "lessons/00_autograd/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Returns for each axis of dy whether `shape` was broadcast along it.
std::vector<bool> broadcast_axes(const Tensor& dy, const Shape& shape) {
  const int added = dy.rank() - shape.rank();
  std::vector<bool> is(static_cast<std::size_t>(dy.rank()));
  for (int axis = 0; axis < dy.rank(); ++axis)
    is[static_cast<std::size_t>(axis)] = axis < added || shape[axis - added] == 1;
  return is;
}
// Sums over the selected axes and keeps each with size 1.
Tensor summed(Tensor dy, const std::vector<bool>& axes) {
  for (int axis = 0; axis < dy.rank(); ++axis)
    if (axes[static_cast<std::size_t>(axis)]) dy = dy.sum({axis}, true);
  return dy;
}
// Sums over the missing axes, the repeated ones, or both.
Tensor summed_if(const Tensor& dy, const Shape& shape, bool missing, bool repeated) {
  std::vector<bool> axes = broadcast_axes(dy, shape);
  const auto added = static_cast<std::size_t>(dy.rank() - shape.rank());
  for (std::size_t axis = 0; axis < axes.size(); ++axis)
    axes[axis] = axes[axis] && (axis < added ? missing : repeated);
  return summed(dy, axes);
}
// Removes leading axes of size 1 that `shape` does not have.
Tensor squeezed(Tensor x, const Shape& shape) {
  while (x.rank() > shape.rank() && x.size(0) == 1) x = x.squeeze(0);
  return x;
}

const checks::Exercise<decltype(sum_to)> exercise{
    "00_sum_to",
    sum_to,
    [](auto& dy, auto& shape) { return summed(dy, broadcast_axes(dy, shape)).reshape(shape); },
    {{"AG-07", "the value was broadcast in forward: sum its gradient over the broadcast axes",
      [](auto& dy, auto&) { return dy + 0.0; }},
     {"AG-65", "only missing axes were summed: axes of size 1 were repeated, so sum over them too",
      [](auto& dy, auto& shape) { return squeezed(summed_if(dy, shape, true, false), shape); }},
     {"AG-66", "only axes of size 1 were summed: missing axes were added on the left, so sum over them too",
      [](auto& dy, auto& shape) { return summed_if(dy, shape, false, true); }},
     {"AG-67", "shapes are aligned at the last axis, not at the first: the first axes are missing",
      [](auto& dy, auto& shape) {
        Tensor g = dy;
        for (int axis = 0; axis < dy.rank(); ++axis)
          if (axis >= shape.rank() || shape[axis] == 1) g = g.sum({axis}, true);
        return g.reshape(shape);
      }},
     {"AG-68", "the mean was computed: every use contributes its whole gradient, so compute the sum",
      [](auto& dy, auto& shape) {
        Tensor g = dy;
        const std::vector<bool> axes = broadcast_axes(dy, shape);
        for (int axis = 0; axis < dy.rank(); ++axis)
          if (axes[static_cast<std::size_t>(axis)]) g = g.mean({axis}, true);
        return g.reshape(shape);
      }},
     {"AG-69", "only one use was counted: the gradient is the sum over all uses of the value",
      [](auto& dy, auto& shape) {
        Tensor g = dy;
        const std::vector<bool> axes = broadcast_axes(dy, shape);
        for (int axis = 0; axis < dy.rank(); ++axis)
          if (axes[static_cast<std::size_t>(axis)]) g = g.slice(axis, 0, 1);
        return g.reshape(shape);
      }},
     {"AG-70", "summed axes still have size 1: the result must have the shape of the value",
      [](auto& dy, auto& shape) { return summed(dy, broadcast_axes(dy, shape)); }},
     {"AG-71", "only the first numbers were kept: sum over the broadcast axes, and the shapes agree",
      [](auto& dy, auto& shape) {
        const Tensor flat = dy.reshape({-1});
        return flat.slice(0, 0, shape.numel()).reshape(shape);
      }}}};

// A tensor whose elements are all different.
Tensor numbered(const Shape& shape) {
  const Tensor x = arange(0, static_cast<double>(shape.numel())).reshape(shape);
  return (x * x) * 0.25 - x * 2.0 + 1.0;
}

void compare(const std::string& text, const Shape& from, const Shape& to) {
  exercise.call(text, [from, to] { return std::tuple(numbered(from), to); }, {.gradients = false});
}

TEST(SumTo, SumsOverMissingAxes) {
  compare("sum_to(dy (2, 3, 4), (4))", {2, 3, 4}, {4});
  compare("sum_to(dy (2, 3, 4), (3, 4))", {2, 3, 4}, {3, 4});
}

TEST(SumTo, SumsOverRepeatedAxes) {
  compare("sum_to(dy (2, 3, 4), (2, 1, 4))", {2, 3, 4}, {2, 1, 4});
  compare("sum_to(dy (2, 3, 4), (2, 3, 1))", {2, 3, 4}, {2, 3, 1});
  compare("sum_to(dy (2, 3, 4), (1, 3, 1))", {2, 3, 4}, {1, 3, 1});
}

TEST(SumTo, SumsOverMissingAndRepeatedAxes) {
  compare("sum_to(dy (2, 3, 4), (3, 1))", {2, 3, 4}, {3, 1});
  compare("sum_to(dy (2, 3, 4), (1))", {2, 3, 4}, {1});
  compare("sum_to(dy (5, 2, 3, 4), (2, 1, 4))", {5, 2, 3, 4}, {2, 1, 4});
}

TEST(SumTo, OfEqualSizes) {
  compare("sum_to(dy (3, 3, 3), (3))", {3, 3, 3}, {3});
  compare("sum_to(dy (3, 3, 3), (3, 1))", {3, 3, 3}, {3, 1});
  compare("sum_to(dy (3, 3), (1, 3))", {3, 3}, {1, 3});
}

TEST(SumTo, OfABatchOfOne) {
  compare("sum_to(dy (1, 3, 4), (3, 1))", {1, 3, 4}, {3, 1});
  compare("sum_to(dy (1, 3, 4), (4))", {1, 3, 4}, {4});
}

TEST(SumTo, ToANumberIsTheSumOfAll) {
  compare("sum_to(dy (3, 2), ())", {3, 2}, {});
  compare("sum_to(dy (), ())", {}, {});
}

TEST(SumTo, OfAnEmptyBatchIsZero) { compare("sum_to(dy (0, 3), (3))", {0, 3}, {3}); }

TEST(SumTo, KeepsWhatWasNotBroadcast) {
  compare("sum_to(dy (2, 3), (2, 3))", {2, 3}, {2, 3});
  compare("sum_to(dy (1, 3), (1, 3))", {1, 3}, {1, 3});
  compare("sum_to(dy (1, 3), (3))", {1, 3}, {3});
}

}  // namespace
}  // namespace heed::exercise

// wrong edit AG-07: `return gradient.reshape(shape)` => `return dy + 0.0`
