// int_tensor.h — integers: token ids, class targets, indices. They have no gradient and therefore a
// separate type.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "autograd/nested.h"
#include "autograd/shape.h"

namespace heed {

// A contiguous row-major array of 64-bit integers. Copying it copies the values.
class IntTensor {
 public:
  IntTensor() = default;  // shape (0)
  // From nested lists: IntTensor({{1, 2}, {3, 4}}). Throws "[IntTensor] …" if rows differ in
  // length.
  IntTensor(std::initializer_list<NestedInts> list);
  // From a flat row-major list. Throws "[IntTensor] …" if its size does not fit the shape.
  IntTensor(std::vector<index_t> values, Shape shape);
  // These throw "[IntTensor] cannot allocate … bytes for shape …" if the memory is not available.
  static IntTensor zeros(const Shape& shape);
  static IntTensor arange(index_t begin, index_t end, index_t step = 1);  // [begin, end)

  const Shape& shape() const { return shape_; }
  int rank() const { return shape_.rank(); }
  index_t size(index_t axis) const;  // a negative axis counts from the end
  index_t numel() const { return static_cast<index_t>(values_.size()); }

  const std::vector<index_t>& values() const { return values_; }
  std::vector<index_t>& values() { return values_; }
  index_t operator[](index_t flat) const { return values_[static_cast<std::size_t>(flat)]; }
  index_t at(std::initializer_list<index_t> index) const;  // checked; negative indices count from the end
  index_t item() const;                                    // requires exactly one element

  IntTensor reshape(Shape shape) const;  // one size may be -1
  IntTensor slice(index_t axis, index_t begin, index_t end) const;
  // Selects rows of axis 0 by index.
  IntTensor index_select(const IntTensor& rows) const;

  friend bool operator==(const IntTensor& a, const IntTensor& b) {
    return a.shape_ == b.shape_ && a.values_ == b.values_;
  }

 private:
  Shape shape_{0};
  std::vector<index_t> values_;
};

std::ostream& operator<<(std::ostream& out, const IntTensor& ids);
// Prints the shape, for error messages.
void describe(std::ostream& out, const IntTensor& ids);

}  // namespace heed
