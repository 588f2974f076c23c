// broadcast_runs.h — visits two broadcast operands in runs of equal steps.
#pragma once

#include "autograd/shape.h"

namespace heed::ops {

// Calls each(n, a, step_a, b, step_b) for runs of n elements of `shape`, in row-major order. The
// run reads the first operand at the offsets a, a + step_a, …, in elements, and the second one
// likewise. The strides are those of broadcast_strides(). Axes along which both operands keep their
// step are merged, so runs are long.
template <class Each>
void for_each_run(const Shape& shape, const Strides& strides_a, const Strides& strides_b, Each&& each) {
  if (shape.numel() == 0) return;
  Shape sizes;  // of the merged axes, the innermost first
  Strides steps_a, steps_b;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    if (shape[axis] == 1) continue;
    const int outer = sizes.rank();
    const bool merged = outer > 0 && strides_a[axis] == steps_a[outer - 1] * sizes[outer - 1] &&
                        strides_b[axis] == steps_b[outer - 1] * sizes[outer - 1];
    if (merged) {
      sizes[outer - 1] *= shape[axis];
    } else {
      sizes.push_back(shape[axis]);
      steps_a.push_back(strides_a[axis]);
      steps_b.push_back(strides_b[axis]);
    }
  }
  // The two innermost axes are plain loops.
  while (sizes.rank() < 2) {
    sizes.push_back(1);
    steps_a.push_back(0);
    steps_b.push_back(0);
  }
  const index_t n = sizes[0], rows = sizes[1], blocks = shape.numel() / (n * rows);
  Shape index = Shape::filled(sizes.rank(), 0);
  index_t a = 0, b = 0;
  for (index_t block = 0; block < blocks; ++block) {
    for (index_t row = 0; row < rows; ++row)
      each(n, a + row * steps_a[1], steps_a[0], b + row * steps_b[1], steps_b[0]);
    for (int axis = 2; axis < sizes.rank(); ++axis) {
      a += steps_a[axis];
      b += steps_b[axis];
      ++index[axis];
      if (index[axis] < sizes[axis]) break;
      a -= sizes[axis] * steps_a[axis];
      b -= sizes[axis] * steps_b[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace heed::ops
