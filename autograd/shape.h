// shape.h — sizes, strides and the rules of broadcasting.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>

#include "autograd/kernels/index.h"

namespace heed {

inline constexpr int max_rank = 8;

// A short list of integers, stored inline: the sizes or the strides of a tensor, or a list of axes.
// The default has rank 0, the shape of a scalar.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<index_t> sizes) : Shape(std::span(sizes.begin(), sizes.size())) {}
  // Throws "[shape] …" if there are more than max_rank sizes.
  explicit Shape(std::span<const index_t> sizes);
  // Returns a shape of `rank` equal sizes.
  static Shape filled(int rank, index_t value);

  int rank() const { return rank_; }
  // Unchecked: requires 0 <= axis < rank. wrap_axis() checks the axes of a caller.
  index_t operator[](int axis) const { return sizes_[axis]; }
  index_t& operator[](int axis) { return sizes_[axis]; }
  // The size of an axis counted from the end: back(1) is the last one.
  index_t back(int from_end) const { return sizes_[rank_ - from_end]; }

  const index_t* begin() const { return sizes_.data(); }
  const index_t* end() const { return sizes_.data() + rank_; }

  void push_back(index_t size);
  void insert(int axis, index_t size);
  void erase(int axis);

  // The product of the sizes; 1 for rank 0.
  index_t numel() const {
    index_t n = 1;
    for (const index_t size : *this) n *= size;
    return n;
  }

  friend bool operator==(const Shape& a, const Shape& b) {
    if (a.rank_ != b.rank_) return false;
    for (int i = 0; i < a.rank_; ++i)
      if (a.sizes_[i] != b.sizes_[i]) return false;
    return true;
  }

 private:
  std::array<index_t, max_rank> sizes_{};
  int rank_ = 0;
};

using Strides = Shape;

// The axes of a reduction: one (`-1`), several (`{0, 2}`), or an empty list, which means all.
struct Axes : Shape {
  Axes() = default;
  Axes(int axis) : Shape({index_t{axis}}) {}  // NOLINT(google-explicit-constructor): for sum(x, -1)
  Axes(std::initializer_list<index_t> axes) : Shape(axes) {}
};

// "(2, 3)"; "()" for rank 0.
std::ostream& operator<<(std::ostream& out, const Shape& shape);
std::string to_string(const Shape& shape);

// Returns the strides of a contiguous row-major tensor.
Strides contiguous_strides(const Shape& shape);

// Strides that read a tensor of shape `from` as if it had shape `to`: 0 along every axis that
// broadcasting repeats. Requires that `from` broadcasts to `to`. The tensor is contiguous unless
// its strides are passed.
Strides broadcast_strides(const Shape& from, const Shape& to);
Strides broadcast_strides(const Shape& from, const Strides& strides, const Shape& to);

// Returns the offset, in elements, of the element at `index`. Negative indices count from the end.
// Throws "[op] …" unless there is one index per axis and each is in range.
index_t element_offset(const char* op, const Shape& shape, const Strides& strides,
                       std::initializer_list<index_t> index);

// Returns `target` with a -1 replaced by the size that preserves the number of elements of `from`.
// Throws "[op] …" if the numbers of elements differ.
Shape reshaped(const char* op, const Shape& from, Shape target);

// Maps an axis in [-rank, rank) to [0, rank). Throws "[op] axis 3 is out of range for (2, 3); …".
int wrap_axis(const char* op, index_t axis, const Shape& shape);

// Returns the common shape of two operands: aligned at the right, sizes equal or 1. Throws
// "[op] shapes (2, 3) and (4) do not broadcast: axis …".
Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b);

// Throws "[op] …" if a size is negative or the number of elements is too large.
void check_sizes(const char* op, const Shape& shape);

}  // namespace heed
