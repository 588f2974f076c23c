// common.h — what the op files share: argument checks and the step from a dtype at run time to a type.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include "autograd/graph.h"
#include "autograd/kernels/kernels.h"
#include "autograd/kernels/thread_pool.h"
#include "autograd/ops.h"

namespace heed::ops {

using heed::dispatch;
using kernels::cheap_grain;
using kernels::costly_grain;

// Every op begins with this: each argument holds a tensor, and all have one dtype.
void check_tensors(const char* op, std::initializer_list<const Tensor*> arguments);

// x as dense row-major numbers, without history: x itself or a copy. What a kernel is given.
Tensor dense(const Tensor& x);
// A fresh tensor for a result of `op`, contents unspecified. Throws "[op] too large: …" or "[op]
// cannot allocate …".
Tensor allocate(const char* op, const Shape& shape, DType dtype);
inline Tensor allocate_like(const char* op, const Tensor& x) { return allocate(op, x.shape(), x.dtype()); }
// The bytes of a mask of this shape, all `value`. Throws as allocate does.
std::vector<std::uint8_t> allocate_mask(const char* op, const Shape& shape, bool value = false);
// The pointer a kernel writes to. Only for tensors that the op itself has just made.
template <class T>
T* output(Tensor& y) {
  return reinterpret_cast<T*>(y.state()->storage->data()) + y.state()->offset;
}

// dx = dy * f'(x), where `saved` is what f's kernel asks for (x or y).
Tensor unary_backward(kernels::Unary f, const Tensor& dy, const Tensor& saved);

// All sizes but the last, multiplied: how many rows a row kernel sees.
inline index_t rows_of(const Shape& shape) {
  index_t rows = 1;
  for (int axis = 0; axis + 1 < shape.rank(); ++axis) rows *= shape[axis];
  return rows;
}

}  // namespace heed::ops
