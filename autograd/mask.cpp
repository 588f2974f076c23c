#include "autograd/mask.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "autograd/error.h"
#include "autograd/ops/common.h"

namespace heed {

Mask::Mask(std::vector<std::uint8_t> values, Shape shape) : shape_(shape) {
  check_sizes("Mask", shape_);
  check(static_cast<index_t>(values.size()) == shape_.numel(), "Mask", values.size(), " values do not fill ",
        shape_);
  for (auto& value : values) value = value != 0;
  values_ = std::make_shared<const std::vector<std::uint8_t>>(std::move(values));
}

Mask Mask::full(const Shape& shape, bool value) {
  check_sizes("Mask", shape);
  return {std::vector<std::uint8_t>(static_cast<std::size_t>(shape.numel()), value), shape};
}

Mask Mask::of(std::initializer_list<NestedInts> list) {
  const IntTensor ids(list);
  for (index_t i = 0; i < ids.numel(); ++i)
    check(ids[i] == 0 || ids[i] == 1, "Mask", "a mask is made of 0 and 1, got ", ids[i], " at place ", i);
  return {std::vector<std::uint8_t>(ids.values().begin(), ids.values().end()), ids.shape()};
}

static const Mask& needs(const char* op, const Mask& m) {
  check(m.defined(), op,
        "this mask is undefined. Hint: a default-constructed Mask means that nothing is hidden");
  return m;
}

bool Mask::at(std::initializer_list<index_t> index) const {
  needs("at", *this);
  const IntTensor flat = IntTensor::arange(0, numel()).reshape(shape_);
  return data()[flat.at(index)] != 0;
}

index_t Mask::count() const {
  needs("count", *this);
  return std::count(values_->begin(), values_->end(), std::uint8_t{1});
}

Mask Mask::reshape(Shape shape) const {
  needs("reshape", *this);
  Mask result = *this;
  result.shape_ = IntTensor::zeros(shape_).reshape(shape).shape();
  return result;
}

Mask Mask::unsqueeze(index_t axis) const {
  needs("unsqueeze", *this);
  check(axis >= -rank() - 1 && axis <= rank(), "unsqueeze", "axis ", axis, " is out of range for ", shape_);
  Mask result = *this;
  result.shape_.insert(static_cast<int>(axis < 0 ? axis + rank() + 1 : axis), 1);
  return result;
}

namespace {

// Calls each(i, a, b) for every element i of `shape`, with its places in two dense
// operands that broadcast to it.
template <class Each>
void for_each_pair(const Shape& shape, const Shape& a, const Shape& b, Each&& each) {
  const auto steps = [&](const Shape& from) {
    Strides strides = Strides::filled(shape.rank(), 0);
    const Strides own = contiguous_strides(from);
    for (int i = 1; i <= from.rank(); ++i)
      if (from.back(i) != 1) strides[shape.rank() - i] = own[from.rank() - i];
    return strides;
  };
  const Strides sa = steps(a), sb = steps(b);
  Shape at = Shape::filled(shape.rank(), 0);
  index_t pa = 0, pb = 0;
  const index_t n = shape.numel();
  for (index_t i = 0; i < n; ++i) {
    each(i, pa, pb);
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      pa += sa[axis];
      pb += sb[axis];
      if (++at[axis] < shape[axis]) break;
      pa -= at[axis] * sa[axis];
      pb -= at[axis] * sb[axis];
      at[axis] = 0;
    }
  }
}

template <class F>
Mask combine(const char* op, const Mask& a, const Mask& b, F&& f) {
  needs(op, a), needs(op, b);
  const Shape shape = broadcast_shapes(op, a.shape(), b.shape());
  std::vector<std::uint8_t> values(static_cast<std::size_t>(shape.numel()));
  for_each_pair(shape, a.shape(), b.shape(), [&](index_t i, index_t pa, index_t pb) {
    values[static_cast<std::size_t>(i)] = f(a.data()[pa] != 0, b.data()[pb] != 0);
  });
  return {std::move(values), shape};
}

template <class F>
Mask compare(const char* op, const Tensor& a, const Tensor& b, F&& f) {
  ops::check_tensors(op, {&a, &b});
  const Shape shape = broadcast_shapes(op, a.shape(), b.shape());
  const Tensor ad = ops::dense(a), bd = ops::dense(b);
  std::vector<std::uint8_t> values(static_cast<std::size_t>(shape.numel()));
  ops::dispatch(a.dtype(), [&]<class T>() {
    for_each_pair(shape, a.shape(), b.shape(), [&](index_t i, index_t pa, index_t pb) {
      values[static_cast<std::size_t>(i)] = f(ad.data<T>()[pa], bd.data<T>()[pb]);
    });
  });
  return {std::move(values), shape};
}

}  // namespace

Mask Mask::expand(const Shape& shape) const {
  needs("expand", *this);
  if (shape == shape_) return *this;
  check(broadcast_shapes("expand", shape_, shape) == shape, "expand", "mask ", shape_,
        " does not stretch to ", shape);
  return combine("expand", *this, full(shape, true), [](bool x, bool) { return x; });
}

bool operator==(const Mask& a, const Mask& b) {
  if (!a.defined() || !b.defined()) return a.defined() == b.defined();
  return a.shape_ == b.shape_ && *a.values_ == *b.values_;
}

Mask operator!(const Mask& m) {
  return combine("not", m, m, [](bool x, bool) { return !x; });
}
Mask operator&(const Mask& a, const Mask& b) { return combine("and", a, b, std::logical_and<>()); }
Mask operator|(const Mask& a, const Mask& b) { return combine("or", a, b, std::logical_or<>()); }

Mask causal(index_t t, index_t s) {
  if (s < 0) s = t;
  check_sizes("causal", {t, s});
  std::vector<std::uint8_t> values(static_cast<std::size_t>(t * s));
  for (index_t i = 0; i < t; ++i)
    for (index_t j = 0; j < s; ++j) values[static_cast<std::size_t>(i * s + j)] = j <= i + (s - t);
  return {std::move(values), {t, s}};
}

Mask padding(std::span<const index_t> lengths, index_t s) {
  const auto batch = static_cast<index_t>(lengths.size());
  check_sizes("padding", {batch, 1, s});
  std::vector<std::uint8_t> values(static_cast<std::size_t>(batch * s));
  for (index_t b = 0; b < batch; ++b) {
    const index_t length = lengths[static_cast<std::size_t>(b)];
    check(length >= 0 && length <= s, "padding", "length ", length, " of sample ", b, " must be in [0, ", s,
          "]");
    std::fill_n(values.begin() + b * s, length, std::uint8_t{1});
  }
  return {std::move(values), {batch, 1, s}};
}
Mask padding(std::initializer_list<index_t> lengths, index_t s) {
  return padding(std::span(lengths.begin(), lengths.size()), s);
}

Mask not_padding(const IntTensor& ids, index_t pad) {
  check(ids.rank() == 2, "not_padding", "ids must be (B, S), got ", ids.shape());
  std::vector<std::uint8_t> values(static_cast<std::size_t>(ids.numel()));
  std::transform(ids.values().begin(), ids.values().end(), values.begin(),
                 [pad](index_t id) { return id != pad; });
  return {std::move(values), {ids.size(0), 1, ids.size(1)}};
}

Mask operator>(const Tensor& a, const Tensor& b) { return compare("greater", a, b, std::greater<>()); }
Mask operator<(const Tensor& a, const Tensor& b) { return compare("less", a, b, std::less<>()); }
Mask operator>=(const Tensor& a, const Tensor& b) {
  return compare("greater_equal", a, b, std::greater_equal<>());
}
Mask operator<=(const Tensor& a, const Tensor& b) { return compare("less_equal", a, b, std::less_equal<>()); }
Mask equal(const Tensor& a, const Tensor& b) { return compare("equal", a, b, std::equal_to<>()); }
Mask operator>(const Tensor& a, double b) { return a > scalar(b, a.dtype()); }
Mask operator<(const Tensor& a, double b) { return a < scalar(b, a.dtype()); }
Mask operator>=(const Tensor& a, double b) { return a >= scalar(b, a.dtype()); }
Mask operator<=(const Tensor& a, double b) { return a <= scalar(b, a.dtype()); }
Mask equal(const Tensor& a, double b) { return equal(a, scalar(b, a.dtype())); }
Mask isnan(const Tensor& a) {
  return compare("isnan", a, a, [](auto x, auto) { return std::isnan(x); });
}

}  // namespace heed
