#include "lessons/00_autograd/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Where `shape` was stretched, axis by axis of the result, when shapes are aligned at the right.
std::vector<bool> stretched(const Tensor& dy, const Shape& shape) {
  const int added = dy.rank() - shape.rank();
  std::vector<bool> is(static_cast<std::size_t>(dy.rank()));
  for (int axis = 0; axis < dy.rank(); ++axis)
    is[static_cast<std::size_t>(axis)] = axis < added || shape[axis - added] == 1;
  return is;
}
// The sum over some axes, each kept with size 1.
Tensor summed(Tensor dy, const std::vector<bool>& axes) {
  for (int axis = 0; axis < dy.rank(); ++axis)
    if (axes[static_cast<std::size_t>(axis)]) dy = dy.sum({axis}, true);
  return dy;
}
// Only the axes that were missing, or only those of size 1.
Tensor summed_if(const Tensor& dy, const Shape& shape, bool missing, bool repeated) {
  std::vector<bool> axes = stretched(dy, shape);
  const auto added = static_cast<std::size_t>(dy.rank() - shape.rank());
  for (std::size_t axis = 0; axis < axes.size(); ++axis)
    axes[axis] = axes[axis] && (axis < added ? missing : repeated);
  return summed(dy, axes);
}
// Without the axes that are of size 1 and were not there before.
Tensor squeezed(Tensor x, const Shape& shape) {
  while (x.rank() > shape.rank() && x.size(0) == 1) x = x.squeeze(0);
  return x;
}

const checks::Exercise<decltype(sum_to)> exercise{
    "00_sum_to",
    sum_to,
    [](auto& dy, auto& shape) { return summed(dy, stretched(dy, shape)).reshape(shape); },
    {{"AG-07", "the value was stretched in forward: sum its gradient over the stretched axes",
      [](auto& dy, auto&) { return dy + 0.0; }},
     {"AG-65", "axes of size 1 were repeated too, not only the missing ones added: sum over both kinds",
      [](auto& dy, auto& shape) { return squeezed(summed_if(dy, shape, true, false), shape); }},
     {"AG-66", "axes that were missing on the left were added: sum over them as well as over those of size 1",
      [](auto& dy, auto& shape) { return summed_if(dy, shape, false, true); }},
     {"AG-67", "shapes are aligned at the right, not at the left: the missing axes are the first ones",
      [](auto& dy, auto& shape) {
        Tensor g = dy;
        for (int axis = 0; axis < dy.rank(); ++axis)
          if (axis >= shape.rank() || shape[axis] == 1) g = g.sum({axis}, true);
        return g.reshape(shape);
      }},
     {"AG-68", "a mean, where every place has its whole share: sum",
      [](auto& dy, auto& shape) {
        Tensor g = dy;
        const std::vector<bool> axes = stretched(dy, shape);
        for (int axis = 0; axis < dy.rank(); ++axis)
          if (axes[static_cast<std::size_t>(axis)]) g = g.mean({axis}, true);
        return g.reshape(shape);
      }},
     {"AG-69", "one place spoke for all: the value stood in many, and has a share from each",
      [](auto& dy, auto& shape) {
        Tensor g = dy;
        const std::vector<bool> axes = stretched(dy, shape);
        for (int axis = 0; axis < dy.rank(); ++axis)
          if (axes[static_cast<std::size_t>(axis)]) g = g.slice(axis, 0, 1);
        return g.reshape(shape);
      }},
     {"AG-70",
      "the axes are summed, but they are still there with size 1: the result must have the value's own shape",
      [](auto& dy, auto& shape) { return summed(dy, stretched(dy, shape)); }},
     {"AG-71",
      "the first numbers were kept and the rest let go: sum over the stretched axes, then the shapes agree",
      [](auto& dy, auto& shape) {
        const Tensor flat = dy.reshape({-1});
        return flat.slice(0, 0, shape.numel()).reshape(shape);
      }}}};

// Numbers of which no two are equal.
Tensor numbered(const Shape& shape) {
  const Tensor x = arange(0, static_cast<double>(shape.numel())).reshape(shape);
  return (x * x) * 0.25 - x * 2.0 + 1.0;
}

void ask(const std::string& text, const Shape& from, const Shape& to) {
  exercise.call(text, [from, to] { return std::tuple(numbered(from), to); }, {.gradients = false});
}

TEST(SumTo, AddsUpWhereAnAxisWasMissing) {
  ask("sum_to(dy (2, 3, 4), (4))", {2, 3, 4}, {4});
  ask("sum_to(dy (2, 3, 4), (3, 4))", {2, 3, 4}, {3, 4});
}

TEST(SumTo, AddsUpWhereASizeOf1WasRepeated) {
  ask("sum_to(dy (2, 3, 4), (2, 1, 4))", {2, 3, 4}, {2, 1, 4});
  ask("sum_to(dy (2, 3, 4), (2, 3, 1))", {2, 3, 4}, {2, 3, 1});
  ask("sum_to(dy (2, 3, 4), (1, 3, 1))", {2, 3, 4}, {1, 3, 1});
}

TEST(SumTo, AddsUpWhereBothHappened) {
  ask("sum_to(dy (2, 3, 4), (3, 1))", {2, 3, 4}, {3, 1});
  ask("sum_to(dy (2, 3, 4), (1))", {2, 3, 4}, {1});
  ask("sum_to(dy (5, 2, 3, 4), (2, 1, 4))", {5, 2, 3, 4}, {2, 1, 4});
}

TEST(SumTo, OfEqualSizes) {
  ask("sum_to(dy (3, 3, 3), (3))", {3, 3, 3}, {3});
  ask("sum_to(dy (3, 3, 3), (3, 1))", {3, 3, 3}, {3, 1});
  ask("sum_to(dy (3, 3), (1, 3))", {3, 3}, {1, 3});
}

TEST(SumTo, OfABatchOfOne) {
  ask("sum_to(dy (1, 3, 4), (3, 1))", {1, 3, 4}, {3, 1});
  ask("sum_to(dy (1, 3, 4), (4))", {1, 3, 4}, {4});
}

TEST(SumTo, OfANumberIsTheSumOfAll) {
  ask("sum_to(dy (3, 2), ())", {3, 2}, {});
  ask("sum_to(dy (), ())", {}, {});
}

TEST(SumTo, OfAnEmptyBatchIsZero) { ask("sum_to(dy (0, 3), (3))", {0, 3}, {3}); }

TEST(SumTo, LeavesWhatWasNotStretched) {
  ask("sum_to(dy (2, 3), (2, 3))", {2, 3}, {2, 3});
  ask("sum_to(dy (1, 3), (1, 3))", {1, 3}, {1, 3});
  ask("sum_to(dy (1, 3), (3))", {1, 3}, {3});
}

}  // namespace
}  // namespace heed::exercise
