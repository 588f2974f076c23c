#include "autograd/int_tensor.h"

#include <algorithm>
#include <new>
#include <numeric>

#include "autograd/error.h"

namespace heed {

IntTensor::IntTensor(std::initializer_list<NestedInts> list) {
  Flattened<index_t> flattened("IntTensor", list);
  shape_ = flattened.shape;
  values_ = std::move(flattened.values);
}

IntTensor::IntTensor(std::vector<index_t> values, Shape shape) : shape_(shape), values_(std::move(values)) {
  check_sizes("IntTensor", shape_);
  check(numel() == shape_.numel(), "IntTensor", "expected ", shape_.numel(), " values for shape ", shape_,
        ", got ", numel());
}

IntTensor IntTensor::zeros(const Shape& shape) {
  check_sizes("IntTensor", shape);
  const auto count = static_cast<std::size_t>(shape.numel());
  try {
    return {std::vector<index_t>(count), shape};
  } catch (const std::bad_alloc&) {
    fail("IntTensor", "cannot allocate ", count * sizeof(index_t), " bytes for shape ", shape,
         ". Hint: use smaller sizes");
  }
}

IntTensor IntTensor::arange(index_t begin, index_t end, index_t step) {
  check(step != 0, "arange", "expected a step other than 0");
  const auto distance = [](index_t from, index_t to) {
    return from < to ? static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from) : 0;
  };
  const std::uint64_t span = step > 0 ? distance(begin, end) : distance(end, begin);
  const std::uint64_t stride =
      step > 0 ? static_cast<std::uint64_t>(step) : -static_cast<std::uint64_t>(step);
  const std::uint64_t count = span / stride + (span % stride != 0);
  check(count < std::uint64_t{1} << 44, "arange", "too large: from ", begin, " to ", end, " in steps of ",
        step);
  IntTensor result = zeros({static_cast<index_t>(count)});
  index_t next = begin;
  for (std::size_t i = 0; i < count; ++i) {
    result.values_[i] = next;
    if (i + 1 < count) next += step;  // a step beyond the last could overflow
  }
  return result;
}

index_t IntTensor::size(index_t axis) const { return shape_[wrap_axis("size", axis, shape_)]; }

index_t IntTensor::at(std::initializer_list<index_t> index) const {
  return (*this)[element_offset("at", shape_, contiguous_strides(shape_), index)];
}

index_t IntTensor::item() const {
  check(numel() == 1, "item", "expected a tensor with one element, got ", shape_);
  return values_[0];
}

IntTensor IntTensor::reshape(Shape shape) const { return {values_, reshaped("reshape", shape_, shape)}; }

IntTensor IntTensor::slice(index_t axis, index_t begin, index_t end) const {
  const int a = wrap_axis("slice", axis, shape_);
  const index_t n = shape_[a];
  const auto clamped = [n](index_t bound) {
    return std::clamp<index_t>(bound < 0 ? bound + n : bound, 0, n);
  };
  const index_t first = clamped(begin), last = std::max(first, clamped(end));
  index_t outer = 1, inner = 1;
  for (int i = 0; i < a; ++i) outer *= shape_[i];
  for (int i = a + 1; i < rank(); ++i) inner *= shape_[i];
  std::vector<index_t> values;
  for (index_t o = 0; o < outer; ++o)
    values.insert(values.end(), values_.begin() + (o * n + first) * inner,
                  values_.begin() + (o * n + last) * inner);
  Shape shape = shape_;
  shape[a] = last - first;
  return {std::move(values), shape};
}

IntTensor IntTensor::index_select(const IntTensor& rows) const {
  check(rank() >= 1 && rows.rank() == 1, "index_select",
        "expected a tensor with axes and a list of rows (n), got ", shape_, " and ", rows);
  const index_t inner = shape_[0] == 0 ? 0 : numel() / shape_[0];
  std::vector<index_t> values;
  for (const index_t row : rows.values()) {
    check(row >= 0 && row < shape_[0], "index_select", "index ", row, " is out of range for axis 0 of ",
          shape_);
    values.insert(values.end(), values_.begin() + row * inner, values_.begin() + (row + 1) * inner);
  }
  Shape shape = shape_;
  shape[0] = rows.numel();
  return {std::move(values), shape};
}

}  // namespace heed
