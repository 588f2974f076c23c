// matrices.h — the matrices at the end of a tensor, as gemm reads and writes them.
#pragma once

#include <algorithm>
#include <vector>

#include "autograd/kernels/gemm.h"
#include "autograd/ops/common.h"

namespace heed::ops {

// Where each matrix of a batch begins: all axes but the last two, at any stride.
inline std::vector<index_t> beginnings(const Shape& shape, const Strides& strides) {
  std::vector<index_t> result{0};
  for (int axis = 0; axis + 2 < shape.rank(); ++axis) {
    std::vector<index_t> next;
    next.reserve(result.size() * static_cast<std::size_t>(shape[axis]));
    for (const index_t start : result)
      for (index_t i = 0; i < shape[axis]; ++i) next.push_back(start + i * strides[axis]);
    result = std::move(next);
  }
  return result;
}

// (..., rows, columns) as a batch of matrices that gemm reads in place: the last axis dense, all others at any stride, as
// (B, T, H, D) transposed to (B, H, T, D) leaves them.
struct Matrices {
  Tensor tensor;
  index_t ld;
  std::vector<index_t> starts;

  explicit Matrices(const Tensor& t)
      : tensor(readable(t)),
        ld(std::max<index_t>(tensor.strides().back(2), tensor.size(-1))),
        starts(beginnings(tensor.shape(), tensor.strides())) {}
  index_t columns() const { return tensor.size(-1); }
  // Row `row` of matrix `i`.
  template <class T>
  const T* at(index_t i, index_t row) const {
    return tensor.data<T>() + starts[static_cast<std::size_t>(i)] + row * ld;
  }
  template <class T>
  T* output(index_t i, index_t row) {
    return ops::output<T>(tensor) + starts[static_cast<std::size_t>(i)] + row * ld;
  }

 private:
  static Tensor readable(const Tensor& t) {
    const bool dense_rows = t.size(-1) <= 1 || t.strides().back(1) == 1;
    const bool apart = t.size(-2) <= 1 || t.strides().back(2) >= t.size(-1);
    return dense_rows && apart ? t.detach() : ops::dense(t);
  }
};

// Numbers that one thread works with.
template <class T>
struct Room {
  Tensor tensor;
  explicit Room(index_t n) : tensor(empty({n}, dtype_of<T>)) {}
  T* data() { return output<T>(tensor); }
};

// One side of a product: stored rows `ld` apart.
template <class T>
struct Side {
  const T* at;
  index_t ld;
  bool transposed = false;
};
// c (m, n), rows ldc apart, = a (m, k) · b (k, n), or with s.accumulate += it.
template <class T>
void product(const Side<T>& a, const Side<T>& b, T* c, index_t ldc, kernels::GemmShape s) {
  s.transpose_a = a.transposed, s.transpose_b = b.transposed;
  s.lda = a.ld, s.ldb = b.ld, s.ldc = ldc;
  kernels::gemm(s, a.at, b.at, c);
}

}  // namespace heed::ops
