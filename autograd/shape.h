// shape.h — sizes, strides and the rules of broadcasting. No tensor, no memory: only integers.
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

// A short list of integers, stored inline: a tensor's sizes, its strides, or a list of axes.
// A default-constructed Shape has rank 0, the shape of a single number.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<index_t> sizes) : Shape(std::span(sizes.begin(), sizes.size())) {}
  // Throws "[shape] …" beyond max_rank.
  explicit Shape(std::span<const index_t> sizes);
  // `rank` times `value`.
  static Shape filled(int rank, index_t value);

  int rank() const { return rank_; }
  // axis in [0, rank): unchecked, for loops. wrap_axis() checks what a caller gave.
  index_t operator[](int axis) const { return sizes_[axis]; }
  index_t& operator[](int axis) { return sizes_[axis]; }
  // Size of an axis counted from the end: back(1) is the last one.
  index_t back(int from_end) const { return sizes_[rank_ - from_end]; }

  const index_t* begin() const { return sizes_.data(); }
  const index_t* end() const { return sizes_.data() + rank_; }

  void push_back(index_t size);
  void insert(int axis, index_t size);
  void erase(int axis);

  // The product of the sizes; 1 for rank 0.
  index_t numel() const;

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

// Axes to reduce over: one (`-1`), several (`{0, 2}`), or none given, which means all.
struct Axes : Shape {
  Axes() = default;
  Axes(int axis)
      : Shape({index_t{axis}}) {}  // NOLINT(google-explicit-constructor): sum(x, -1) reads as it should
  Axes(std::initializer_list<index_t> axes) : Shape(axes) {}
};

// "(2, 3)", as PyTorch's people read it; "()" for rank 0.
std::ostream& operator<<(std::ostream& out, const Shape& shape);
std::string to_string(const Shape& shape);

// Strides of a dense row-major tensor.
Strides contiguous_strides(const Shape& shape);

// Strides that read a tensor of shape `from` as if it had shape `to`: 0 along every axis that broadcasting
// repeats. Requires that `from` broadcasts to `to`. The tensor is contiguous unless its strides are passed.
Strides broadcast_strides(const Shape& from, const Shape& to);
Strides broadcast_strides(const Shape& from, const Strides& strides, const Shape& to);

// Elements from the first element to the one at `index`, one per axis, negative ones counted from
// the end. Throws "[op] …" if their number is not the rank or one is out of range.
index_t element_offset(const char* op, const Shape& shape, const Strides& strides,
                       std::initializer_list<index_t> index);

// `target` with its -1, if it has one, replaced by the size that keeps the number of elements of
// `from`. Throws "[op] …" if they do not hold the same number.
Shape reshaped(const char* op, const Shape& from, Shape target);

// Maps an axis in [-rank, rank) to [0, rank); throws "[op] axis 3 is out of range for (2, 3); …".
int wrap_axis(const char* op, index_t axis, const Shape& shape);

// The common shape of two operands: aligned at the right, sizes equal or 1.
// Throws "[op] shapes (2, 3) and (4) do not broadcast: axis …".
Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b);

// Refuses negative sizes and products that overflow: "[op] …".
void check_sizes(const char* op, const Shape& shape);

}  // namespace heed
