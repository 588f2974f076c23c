#include "autograd/shape.h"

#include <algorithm>
#include <ostream>
#include <sstream>

#include "autograd/error.h"

namespace heed {

Shape::Shape(std::span<const index_t> sizes) : rank_(static_cast<int>(sizes.size())) {
  check(sizes.size() <= max_rank, "shape", "expected at most ", max_rank, " axes, got ", sizes.size());
  std::copy(sizes.begin(), sizes.end(), sizes_.begin());
}

Shape Shape::filled(int rank, index_t value) {
  check(rank >= 0 && rank <= max_rank, "shape", "expected at most ", max_rank, " axes, got ", rank);
  Shape s;
  s.rank_ = rank;
  std::fill_n(s.sizes_.begin(), rank, value);
  return s;
}

void Shape::insert(int axis, index_t size) {
  check(rank_ < max_rank, "shape", "expected at most ", max_rank, " axes, got ", *this, " and one more");
  std::copy_backward(sizes_.begin() + axis, sizes_.begin() + rank_, sizes_.begin() + rank_ + 1);
  sizes_[axis] = size;
  ++rank_;
}

void Shape::push_back(index_t size) { insert(rank_, size); }

void Shape::erase(int axis) {
  std::copy(sizes_.begin() + axis + 1, sizes_.begin() + rank_, sizes_.begin() + axis);
  --rank_;
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  out << '(';
  for (int i = 0; i < shape.rank(); ++i) out << (i ? ", " : "") << shape[i];
  return out << ')';
}

std::string to_string(const Shape& shape) {
  std::ostringstream out;
  out << shape;
  return out.str();
}

Strides contiguous_strides(const Shape& shape) {
  Strides strides = Strides::filled(shape.rank(), 1);
  for (int axis = shape.rank() - 2; axis >= 0; --axis) strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

Strides broadcast_strides(const Shape& from, const Shape& to) {
  return broadcast_strides(from, contiguous_strides(from), to);
}

Strides broadcast_strides(const Shape& from, const Strides& strides, const Shape& to) {
  Strides result = Strides::filled(to.rank(), 0);
  for (int i = 1; i <= from.rank(); ++i)
    if (from.back(i) != 1) result[to.rank() - i] = strides.back(i);
  return result;
}

index_t element_offset(const char* op, const Shape& shape, const Strides& strides,
                       std::initializer_list<index_t> index) {
  check(static_cast<int>(index.size()) == shape.rank(), op, "expected one index per axis: shape ", shape,
        " needs ", shape.rank(), ", got ", index.size());
  index_t offset = 0;
  int axis = 0;
  for (const index_t i : index) {
    const index_t size = shape[axis];
    check(i >= -size && i < size, op, "index ", i, " is out of range for axis ", axis, " of ", shape,
          "; it must be in [", -size, ", ", size, ")");
    offset += (i < 0 ? i + size : i) * strides[axis];
    ++axis;
  }
  return offset;
}

Shape reshaped(const char* op, const Shape& from, Shape target) {
  int unknown = -1;
  for (int axis = 0; axis < target.rank(); ++axis) {
    check(target[axis] != -1 || unknown < 0, op, "expected at most one size of -1, got ", target);
    if (target[axis] == -1) unknown = axis;
  }
  if (unknown >= 0) target[unknown] = 1;
  check_sizes(op, target);
  if (unknown >= 0 && target.numel() > 0) target[unknown] = from.numel() / target.numel();
  check(target.numel() == from.numel(), op, "expected a shape with the ", from.numel(), " elements of ", from,
        ", got ", target);
  return target;
}

int wrap_axis(const char* op, index_t axis, const Shape& shape) {
  const index_t rank = shape.rank();
  check(axis >= -rank && axis < rank, op, "axis ", axis, " is out of range for ", shape, "; it must be in [",
        -rank, ", ", rank, ")");
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  Shape common = Shape::filled(rank, 1);
  for (int i = 1; i <= rank; ++i) {
    const index_t size_a = i <= a.rank() ? a.back(i) : 1;
    const index_t size_b = i <= b.rank() ? b.back(i) : 1;
    check(size_a == size_b || size_a == 1 || size_b == 1, op, "shapes ", a, " and ", b,
          " do not broadcast: axis ", -i, " has ", size_a, " and ", size_b,
          "; aligned at the right, sizes must be equal or 1");
    common[rank - i] = size_a == 1 ? size_b : size_a;
  }
  return common;
}

void check_sizes(const char* op, const Shape& shape) {
  // The product of the sizes, with 0 counted as 1. Strides are such products and must not overflow
  // even if the tensor has no elements.
  index_t extent = 1;
  for (const index_t size : shape) {
    check(size >= 0, op, "expected sizes >= 0, got ", shape);
    check(!__builtin_mul_overflow(extent, std::max<index_t>(size, 1), &extent) && extent < (index_t{1} << 44),
          op, "too large: ", shape, " has more elements than memory can hold");
  }
}

}  // namespace heed
