#include "lessons/00_autograd/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor reference(const Tensor& dy, const Shape& shape) {
  const int added = dy.rank() - shape.rank();
  Tensor g = dy;
  for (int axis = 0; axis < dy.rank(); ++axis)
    if (axis < added || shape[axis - added] == 1) g = g.sum({axis}, true);
  return g.reshape(shape);
}

// Adds every element of dy to the element that it was broadcast from.
Tensor by_loops(const Tensor& dy, const Shape& shape, DType dtype) {
  const std::vector<double> from = dy.to_vector();
  std::vector<double> to(static_cast<std::size_t>(shape.numel()));
  const int added = dy.rank() - shape.rank();
  for (index_t i = 0; i < dy.numel(); ++i) {
    index_t rest = i, offset = 0, stride = 1;
    for (int axis = dy.rank() - 1; axis >= 0; --axis) {
      const index_t index = rest % dy.shape()[axis];
      rest /= dy.shape()[axis];
      if (axis < added) continue;
      if (shape[axis - added] > 1) offset += index * stride;
      stride *= shape[axis - added];
    }
    to[static_cast<std::size_t>(offset)] += from[static_cast<std::size_t>(i)];
  }
  return from_vector(to, shape, dtype);
}

const Answers<decltype(sum_to)> answers{
    {"added axes are summed first", "pass",
     [](const Tensor& dy, const Shape& shape) {
       Tensor g = dy;
       while (g.rank() > shape.rank()) g = g.sum({0});
       for (int axis = 0; axis < shape.rank(); ++axis)
         if (shape[axis] != g.shape()[axis]) g = g.sum({axis}, true);
       return g;
     }},
    {"loops", "pass", [](const Tensor& dy, const Shape& shape) { return by_loops(dy, shape, dy.dtype()); }},
    {"the gradient of expand", "pass",
     [](const Tensor& dy, const Shape& shape) {
       Tensor x = zeros(shape, dy.dtype()).set_requires_grad();
       (x + zeros(dy.shape(), dy.dtype())).backward(dy);
       return x.grad();
     }},
    {"loops, f32 only", "wrong",
     [](const Tensor& dy, const Shape& shape) { return by_loops(dy, shape, f32); }},
    {"dy itself", "AG-07", [](const Tensor& dy, const Shape&) { return dy; }},
    {"aligned at the left", "AG-67",
     [](const Tensor& dy, const Shape& shape) {
       Tensor g = dy;
       for (int axis = 0; axis < dy.rank(); ++axis)
         if (axis >= shape.rank() || shape[axis] == 1) g = g.sum({axis}, true);
       return g.reshape(shape);
     }},
    {"the axes are found by their sizes", "wrong",
     [](const Tensor& dy, const Shape& shape) {
       Tensor g = dy;
       for (int axis = dy.rank() - 1, left = shape.rank() - 1; axis >= 0; --axis) {
         if (left >= 0 && dy.shape()[axis] == shape[left])
           --left;
         else
           g = g.sum({axis}, true);
       }
       return g.numel() == shape.numel() ? g.reshape(shape) : g;
     }},
    {"only the first axis is summed", "wrong",
     [](const Tensor& dy, const Shape& shape) {
       const Tensor g = dy.rank() > 0 && dy.shape() != shape ? dy.sum({0}) : dy;
       return g.numel() == shape.numel() ? g.reshape(shape) : g;
     }},
    {"at most one added axis", "wrong",
     [](const Tensor& dy, const Shape& shape) {
       if (dy.rank() - shape.rank() <= 1) return reference(dy, shape);
       return reference(dy[0], shape);
     }},
    {"ranks up to 3", "wrong",
     [](const Tensor& dy, const Shape& shape) { return dy.rank() > 3 ? dy : reference(dy, shape); }},
    {"a batch of one is not reshaped", "wrong",
     [](const Tensor& dy, const Shape& shape) {
       return dy.rank() > 0 && dy.shape()[0] == 1 ? dy : reference(dy, shape);
     }},
    {"the mean", "AG-68",
     [](const Tensor& dy, const Shape& shape) {
       return reference(dy, shape) * (static_cast<double>(shape.numel()) / static_cast<double>(dy.numel()));
     }},
    {"the mean over added axes only", "wrong",
     [](const Tensor& dy, const Shape& shape) {
       Tensor g = dy;
       while (g.rank() > shape.rank()) g = g.mean({0});
       return reference(g, shape);
     }},
    {"everything is summed", "wrong",
     [](const Tensor& dy, const Shape& shape) { return dy.sum() + zeros(shape, dy.dtype()); }},
    {"reads the storage in memory order", "wrong",
     [](const Tensor& dy, const Shape& shape) {
       return reference(view_of(dy, dy.shape(), contiguous_strides(dy.shape()), 0), shape);
     }},
    {"an empty batch gives no numbers", "wrong",
     [](const Tensor& dy, const Shape& shape) { return dy.numel() == 0 ? dy : reference(dy, shape); }},
    {"adds into dy", "likely SD-34", [](const Tensor& dy, const Shape& shape) {
       const Tensor g = reference(dy, shape) + 0.0;
       Tensor alias = dy.detach();
       alias.zero_();
       return g;
     }}};

}  // namespace

Tensor sum_to(const Tensor& dy, const Shape& shape) { return answers.chosen(dy, shape); }

}  // namespace heed::exercise
