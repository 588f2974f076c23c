// ids.h — whole numbers: token ids, class targets, indices. Never differentiated, so a type of its own.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "autograd/shape.h"

namespace heed {

// Nested lists of whole numbers: IntTensor({{1, 2}, {3, 4}}).
struct NestedInts {
  NestedInts(index_t value) : value(value) {}  // NOLINT(google-explicit-constructor)
  NestedInts(std::initializer_list<NestedInts> list) : is_list(true), list(list) {}  // NOLINT
  bool is_list = false;
  index_t value = 0;
  std::vector<NestedInts> list;
};

// A dense row-major array of 64-bit integers. A value: copying it copies the numbers.
class IntTensor {
 public:
  IntTensor() = default;  // shape (0)
  // From nested lists; throws "[IntTensor] …" where rows differ in length.
  IntTensor(std::initializer_list<NestedInts> list);
  // From a flat list and a shape; throws where their sizes disagree.
  IntTensor(std::vector<index_t> values, Shape shape);
  // Throw "[IntTensor] cannot allocate … bytes for shape …" if the memory is not available.
  static IntTensor zeros(const Shape& shape);
  static IntTensor arange(index_t begin, index_t end, index_t step = 1);  // [begin, end)

  const Shape& shape() const { return shape_; }
  int rank() const { return shape_.rank(); }
  index_t size(index_t axis) const;  // axis may be negative
  index_t numel() const { return static_cast<index_t>(values_.size()); }

  const std::vector<index_t>& values() const { return values_; }
  std::vector<index_t>& values() { return values_; }
  index_t operator[](index_t flat) const { return values_[static_cast<std::size_t>(flat)]; }
  index_t at(std::initializer_list<index_t> index) const;  // checked; negative counts from the end
  index_t item() const;                                    // of a tensor with one element

  IntTensor reshape(Shape shape) const;  // one size may be -1
  IntTensor slice(index_t axis, index_t begin, index_t end) const;
  // Rows of axis 0 by index.
  IntTensor index_select(const IntTensor& rows) const;

  friend bool operator==(const IntTensor& a, const IntTensor& b) {
    return a.shape_ == b.shape_ && a.values_ == b.values_;
  }

 private:
  Shape shape_{0};
  std::vector<index_t> values_;
};

std::ostream& operator<<(std::ostream& out, const IntTensor& ids);
// What an error message prints: the shape.
void describe(std::ostream& out, const IntTensor& ids);

}  // namespace heed
