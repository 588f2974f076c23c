// matrix_batch.h — a tensor (..., rows, columns) as matrices that gemm reads and writes in place.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "autograd/kernels/gemm.h"
#include "autograd/ops/common.h"

namespace heed::ops {

// All axes but the last two.
inline Shape leading_axes(const Shape& shape) {
  return Shape(std::span(shape.begin(), static_cast<std::size_t>(shape.rank() - 2)));
}

// The offset of each matrix, in row-major order over the leading axes. `strides` begins with the
// strides of these axes.
inline std::vector<index_t> matrix_offsets(const Shape& leading, const Strides& strides) {
  std::vector<index_t> offsets{0};
  for (int axis = 0; axis < leading.rank(); ++axis) {
    std::vector<index_t> next;
    next.reserve(offsets.size() * static_cast<std::size_t>(leading[axis]));
    for (const index_t offset : offsets)
      for (index_t i = 0; i < leading[axis]; ++i) next.push_back(offset + i * strides[axis]);
    offsets = std::move(next);
  }
  return offsets;
}

// The last two axes of a tensor as gemm reads them: in place if one of them is contiguous and the
// other does not overlap it, otherwise from a copy.
struct GemmOperand {
  Tensor tensor;
  index_t ld = 1;           // elements between two stored rows
  bool transposed = false;  // the stored rows are the columns of the matrix

  explicit GemmOperand(const Tensor& t) : tensor(t) {
    if (set_layout()) return;
    tensor = dense(tensor);
    set_layout();
  }

 private:
  bool set_layout() {
    const index_t rows = tensor.size(-2), columns = tensor.size(-1);
    const index_t row_step = tensor.strides().back(2), column_step = tensor.strides().back(1);
    if ((column_step == 1 || columns <= 1) && (row_step >= columns || rows <= 1)) {
      transposed = false;
      ld = rows <= 1 ? std::max<index_t>(columns, 1) : row_step;
      return true;
    }
    if ((row_step == 1 || rows <= 1) && (column_step >= rows || columns <= 1)) {
      transposed = true;
      ld = columns <= 1 ? std::max<index_t>(rows, 1) : column_step;
      return true;
    }
    return false;
  }
};

// The matrices of a tensor, each with contiguous rows `ld` elements apart. The other axes may have
// any stride, such as those of heads: (B, T, H, D) transposed to (B, H, T, D).
struct MatrixBatch {
  Tensor tensor;
  index_t ld;
  std::vector<index_t> offsets;

  explicit MatrixBatch(const Tensor& t) {
    GemmOperand operand(t);
    if (operand.transposed) operand = GemmOperand(dense(operand.tensor));
    tensor = operand.tensor;
    ld = operand.ld;
    offsets = matrix_offsets(leading_axes(tensor.shape()), tensor.strides());
  }
  index_t columns() const { return tensor.size(-1); }
  // Row `index` of a matrix.
  template <class T>
  const T* row(index_t matrix, index_t index) const {
    return tensor.data<T>() + offsets[static_cast<std::size_t>(matrix)] + index * ld;
  }
  template <class T>
  T* output_row(index_t matrix, index_t index) {
    return output<T>(tensor) + offsets[static_cast<std::size_t>(matrix)] + index * ld;
  }
  // A matrix from row `first` on.
  template <class T>
  kernels::MatrixView<T> view(index_t matrix, index_t first) const {
    return {row<T>(matrix, first), ld};
  }
};

template <class T>
kernels::MatrixView<T> transposed(kernels::MatrixView<T> view) {
  view.transposed = !view.transposed;
  return view;
}

}  // namespace heed::ops
