#include "autograd/mask.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <new>
#include <string_view>

#include "autograd/error.h"
#include "autograd/ops/attention_masks.h"
#include "autograd/ops/broadcast_runs.h"
#include "autograd/ops/common.h"

namespace heed {

std::vector<std::uint8_t> ops::allocate_mask(const char* op, const Shape& shape, bool value) {
  check_sizes(op, shape);
  const auto bytes = static_cast<std::size_t>(shape.numel());
  try {
    return std::vector<std::uint8_t>(bytes, value);
  } catch (const std::bad_alloc&) {
    fail(op, "cannot allocate ", bytes, " bytes for a mask of shape ", shape, ". Hint: use smaller sizes",
         std::string_view(op) == "causal" ? ", or attention's option causal, which needs no mask" : "");
  }
}

Mask::Mask(std::vector<std::uint8_t> values, Shape shape) : shape_(shape) {
  check_sizes("Mask", shape_);
  check(static_cast<index_t>(values.size()) == shape_.numel(), "Mask", "expected ", shape_.numel(),
        " values for shape ", shape_, ", got ", values.size());
  for (auto& value : values) value = value != 0;
  values_ = std::make_shared<const std::vector<std::uint8_t>>(std::move(values));
}

Mask Mask::full(const Shape& shape, bool value) { return {ops::allocate_mask("Mask", shape, value), shape}; }

Mask Mask::of(std::initializer_list<NestedInts> list) {
  const IntTensor ids(list);
  for (index_t i = 0; i < ids.numel(); ++i)
    check(ids[i] == 0 || ids[i] == 1, "Mask", "expected values 0 and 1, got ", ids[i], " at index ", i);
  return {std::vector<std::uint8_t>(ids.values().begin(), ids.values().end()), ids.shape()};
}

static void check_defined(const char* op, const Mask& m) {
  check(m.defined(), op, "expected a mask, got ", m, ". Hint: a default-constructed Mask masks nothing");
}

bool Mask::at(std::initializer_list<index_t> index) const {
  check_defined("at", *this);
  return data()[element_offset("at", shape_, contiguous_strides(shape_), index)] != 0;
}

index_t Mask::count() const {
  check_defined("count", *this);
  return std::count(values_->begin(), values_->end(), std::uint8_t{1});
}

Mask Mask::reshape(Shape shape) const {
  check_defined("reshape", *this);
  Mask result = *this;
  result.shape_ = reshaped("reshape", shape_, shape);
  result.rows_are_queries_ = false;
  return result;
}

Mask Mask::unsqueeze(index_t axis) const {
  check_defined("unsqueeze", *this);
  check(axis >= -rank() - 1 && axis <= rank(), "unsqueeze", "axis ", axis, " is out of range for ", shape_);
  Mask result = *this;
  result.shape_.insert(static_cast<int>(axis < 0 ? axis + rank() + 1 : axis), 1);
  result.rows_are_queries_ = false;
  return result;
}

namespace {

// y[i] = F()(a[i], b[i]) for a run of elements. The common steps have separate loops, which the
// compiler vectorises.
template <class T, class F>
void apply(index_t n, const T* a, index_t step_a, const T* b, index_t step_b, std::uint8_t* y) {
  constexpr F f{};
  if (step_a == 1 && step_b == 1) {
    for (index_t i = 0; i < n; ++i) y[i] = f(a[i], b[i]);
  } else if (step_a == 1 && step_b == 0) {
    for (index_t i = 0; i < n; ++i) y[i] = f(a[i], b[0]);
  } else if (step_a == 0 && step_b == 1) {
    for (index_t i = 0; i < n; ++i) y[i] = f(a[0], b[i]);
  } else {
    for (index_t i = 0; i < n; ++i) y[i] = f(a[i * step_a], b[i * step_b]);
  }
}
template <class T>
using Apply = void (*)(index_t n, const T* a, index_t step_a, const T* b, index_t step_b, std::uint8_t* y);

// Applies a function to two operands with these strides, broadcast to `shape`. The function is a
// pointer, so the compiler does not repeat this code for each comparison.
template <class T>
std::vector<std::uint8_t> apply_broadcast(const char* op, const Shape& shape, const T* a,
                                          const Strides& strides_a, const T* b, const Strides& strides_b,
                                          Apply<T> apply_to_run) {
  std::vector<std::uint8_t> values = ops::allocate_mask(op, shape);
  std::uint8_t* y = values.data();
  ops::for_each_run(shape, strides_a, strides_b,
                    [&](index_t n, index_t offset_a, index_t step_a, index_t offset_b, index_t step_b) {
                      apply_to_run(n, a + offset_a, step_a, b + offset_b, step_b, y);
                      y += n;
                    });
  return values;
}

// Whether all queries have the same mask, if the last two axes are (queries, keys).
bool has_one_row(const Mask& m) { return m.rank() < 2 || m.shape().back(2) == 1; }

template <class T>
Mask compare_as(const char* op, const Tensor& a, const Tensor& b, Apply<T> apply_to_run) {
  const Shape shape = broadcast_shapes(op, a.shape(), b.shape());
  return {apply_broadcast(op, shape, a.data<T>(), broadcast_strides(a.shape(), a.strides(), shape),
                          b.data<T>(), broadcast_strides(b.shape(), b.strides(), shape), apply_to_run),
          shape};
}

template <class F>
Mask compare(const char* op, const Tensor& a, const Tensor& b, F) {
  ops::check_tensors(op, {&a, &b});
  return dispatch(a.dtype(), [&]<class T>() { return compare_as<T>(op, a, b, apply<T, F>); });
}

}  // namespace

template <class F>
Mask Mask::combine(const char* op, const Mask& a, const Mask& b, F) {
  check_defined(op, a);
  check_defined(op, b);
  const Shape shape = broadcast_shapes(op, a.shape(), b.shape());
  Mask result(apply_broadcast(op, shape, a.data(), broadcast_strides(a.shape(), shape), b.data(),
                              broadcast_strides(b.shape(), shape), apply<std::uint8_t, F>),
              shape);
  const bool fits = (a.rows_are_queries_ || has_one_row(a)) && (b.rows_are_queries_ || has_one_row(b));
  result.rows_are_queries_ = fits && (a.rows_are_queries_ || b.rows_are_queries_);
  return result;
}

Mask Mask::expand(const Shape& shape) const {
  check_defined("expand", *this);
  if (shape == shape_) return *this;
  check(broadcast_shapes("expand", shape_, shape) == shape, "expand", "mask ", shape_,
        " does not broadcast to ", shape);
  const std::uint8_t* from = data();
  const Strides strides = broadcast_strides(shape_, shape);
  constexpr auto first = [](bool x, bool) { return x; };
  Mask result(
      apply_broadcast("expand", shape, from, strides, from, strides, apply<std::uint8_t, decltype(first)>),
      shape);
  result.rows_are_queries_ = rows_are_queries_;
  return result;
}

bool operator==(const Mask& a, const Mask& b) {
  if (!a.defined() || !b.defined()) return a.defined() == b.defined();
  return a.shape_ == b.shape_ && *a.values_ == *b.values_;
}

Mask operator!(const Mask& m) {
  return Mask::combine("not", m, m, [](bool x, bool) { return !x; });
}
Mask operator&(const Mask& a, const Mask& b) { return Mask::combine("and", a, b, std::logical_and<bool>()); }
Mask operator|(const Mask& a, const Mask& b) { return Mask::combine("or", a, b, std::logical_or<bool>()); }

Mask causal(index_t t, index_t s, CausalAlignment alignment) {
  if (s < 0) s = t;
  std::vector<std::uint8_t> values = ops::allocate_mask("causal", {t, s});
  for (index_t i = 0; i < t; ++i)
    std::fill_n(values.begin() + i * s, ops::causal_keys(i, t, s, alignment), std::uint8_t{1});
  Mask result(std::move(values), {t, s});
  result.rows_are_queries_ = true;
  return result;
}

Mask padding(std::span<const index_t> lengths, index_t s) {
  const auto batch = static_cast<index_t>(lengths.size());
  std::vector<std::uint8_t> values = ops::allocate_mask("padding", {batch, 1, s});
  for (index_t b = 0; b < batch; ++b) {
    const index_t length = lengths[static_cast<std::size_t>(b)];
    check(length >= 0 && length <= s, "padding", "expected lengths in [0, ", s, "], got ", length,
          " for sample ", b);
    std::fill_n(values.begin() + b * s, length, std::uint8_t{1});
  }
  return {std::move(values), {batch, 1, s}};
}
Mask padding(std::initializer_list<index_t> lengths, index_t s) {
  return padding(std::span(lengths.begin(), lengths.size()), s);
}

Mask not_padding(const IntTensor& ids, index_t pad) {
  check(ids.rank() == 2, "not_padding", "expected ids (B, S), got ", ids);
  std::vector<std::uint8_t> values = ops::allocate_mask("not_padding", ids.shape());
  std::transform(ids.values().begin(), ids.values().end(), values.begin(),
                 [pad](index_t id) { return id != pad; });
  return {std::move(values), {ids.size(0), 1, ids.size(1)}};
}

void check_not_ambiguous(const char* op, const Mask& mask, index_t batch, index_t t, int axes) {
  const bool is_ambiguous = mask.defined() && mask.rank() == 2 && !mask.rows_are_queries() && batch == t &&
                            t > 1 && mask.shape()[0] == t;
  if (!is_ambiguous) return;
  std::string as_queries, as_samples;
  for (int axis = 2; axis < axes; ++axis) {
    as_queries += ".unsqueeze(0)";
    as_samples += ".unsqueeze(1)";
  }
  fail(op, "expected a mask with one meaning, got ", mask.shape(),
       ", which is both (T, S) and (B, S) as B = T = ", t, ". Hint: mask", as_queries,
       " for (T, S), one row per query; mask", as_samples,
       " for (B, S), one row per sample, as padding(lengths, S) returns");
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
