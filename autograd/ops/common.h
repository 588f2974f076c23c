// common.h — helpers shared by the ops: argument checks, allocation, and parallel loops over
// elements and rows.
#pragma once

#include <algorithm>
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
using kernels::cheap_ns;
using kernels::costly_ns;

// The first check of every op. Throws if an argument is undefined or if the dtypes differ.
void check_tensors(const char* op, std::initializer_list<const Tensor*> arguments);

// Returns the elements of x in row-major order, as kernels read them: x itself if it is contiguous,
// otherwise a copy without history. An undefined tensor stays undefined.
Tensor dense(const Tensor& x);
// The same. Refers to x if x is contiguous, so x must outlive it.
class Dense {
 public:
  explicit Dense(const Tensor& x) : tensor_(&x) {
    if (!x.defined() || x.is_contiguous()) return;
    copy_ = dense(x);
    tensor_ = &copy_;
  }
  Dense(const Dense&) = delete;
  Dense& operator=(const Dense&) = delete;
  operator const Tensor&() const { return *tensor_; }  // NOLINT(google-explicit-constructor): stands for x
  template <class T>
  const T* data() const {
    return tensor_->data<T>();
  }

 private:
  const Tensor* tensor_;
  Tensor copy_;
};
// Allocates the result of `op`, contents unspecified. Throws "[op] too large: …" or "[op] cannot
// allocate …".
Tensor allocate(const char* op, const Shape& shape, DType dtype);
inline Tensor allocate_like(const char* op, const Tensor& x) { return allocate(op, x.shape(), x.dtype()); }
// Allocates the bytes of a mask and sets all of them to `value`. Throws as allocate() does.
std::vector<std::uint8_t> allocate_mask(const char* op, const Shape& shape, bool value = false);
// The pointer that a kernel writes to. Use it only for a tensor that the op has just allocated.
template <class T>
T* output(Tensor& y) {
  return reinterpret_cast<T*>(y.state()->storage->data()) + y.state()->offset;
}
// The elements of an optional parameter, or null if it is undefined.
template <class T>
const T* data_or_null(const Tensor& t) {
  return t.defined() ? t.data<T>() : nullptr;
}

// The product of all sizes but the last: the number of rows that a row kernel processes.
inline index_t rows_of(const Shape& shape) {
  index_t rows = 1;
  for (int axis = 0; axis + 1 < shape.rank(); ++axis) rows *= shape[axis];
  return rows;
}

// Computes y, of x's shape, element by element. Calls kernel.operator()<T>(x, y, first, count), in
// parallel, for ranges of elements; x and y point to element `first`. Returns y.
template <class Kernel>
Tensor element_wise(Tensor y, const Tensor& x, double element_ns, Kernel&& kernel) {
  const Dense xd(x);
  dispatch(x.dtype(), [&]<class T>() {
    const T* px = xd.data<T>();
    T* py = output<T>(y);
    kernels::parallel_for(y.numel(), element_ns, [&](index_t begin, index_t stop) {
      kernel.template operator()<T>(px + begin, py + begin, begin, stop - begin);
    });
  });
  return y;
}

// The same with a new tensor for y.
template <class Kernel>
Tensor element_wise(const char* op, const Tensor& x, double element_ns, Kernel&& kernel) {
  return element_wise(allocate_like(op, x), x, element_ns, std::forward<Kernel>(kernel));
}

// Some consecutive rows: `count` rows of `n` elements, from row `first` on. The functions return
// where the same rows are in other tensors.
template <class T>
struct Rows {
  index_t first, count, n;
  // The rows of t, which has the same shape.
  const T* of(const Tensor& t) const { return t.data<T>() + first * n; }
  // The elements of t, which has one per row.
  const T* statistic(const Tensor& t) const { return t.data<T>() + first; }
  T* statistic(Tensor& t) const { return output<T>(t) + first; }
  // Row first / block of t, which has one row per block of rows.
  T* block(Tensor& t, index_t block) const { return output<T>(t) + first / block * n; }
};

// Computes y, of x's shape, row by row over the last axis. Calls kernel(x, y, rows), with pointers
// of type T and rows of type Rows<T>, in parallel, for ranges of rows; x and y point to the first of
// them. If `block` is not 0, the ranges are blocks of that many rows, however many threads run.
template <class Kernel>
Tensor row_wise(Tensor y, const Tensor& x, Kernel&& kernel, index_t block = 0) {
  if (y.numel() == 0) return y;
  const Dense xd(x);
  const index_t n = x.shape().back(1), rows = rows_of(x.shape());
  const double row_ns = costly_ns * static_cast<double>(n);
  dispatch(x.dtype(), [&]<class T>() {
    const T* px = xd.data<T>();
    T* py = output<T>(y);
    const auto run = [&](index_t first, index_t count) {
      kernel(px + first * n, py + first * n, Rows<T>{first, count, n});
    };
    if (block == 0) {
      kernels::parallel_for(rows, row_ns, [&](index_t begin, index_t stop) { run(begin, stop - begin); });
      return;
    }
    const index_t blocks = (rows + block - 1) / block;
    kernels::parallel_for(blocks, row_ns * static_cast<double>(block), [&](index_t begin, index_t stop) {
      for (index_t i = begin; i < stop; ++i) run(i * block, std::min(block, rows - i * block));
    });
  });
  return y;
}

// The same with a new tensor for y.
template <class Kernel>
Tensor row_wise(const char* op, const Tensor& x, Kernel&& kernel, index_t block = 0) {
  return row_wise(allocate_like(op, x), x, std::forward<Kernel>(kernel), block);
}

// Returns dy * f'(x). `saved` is x or y, as kernels::Unary documents for f.
Tensor unary_backward(kernels::Unary f, const Tensor& dy, const Tensor& saved);

}  // namespace heed::ops
