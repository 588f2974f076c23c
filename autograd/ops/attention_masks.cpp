// attention_masks.cpp — checks of masks over the scores, and the padding that must not reach a result.
#include "autograd/ops/attention_masks.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "autograd/ops/broadcast_runs.h"
#include "autograd/ops/common.h"

namespace heed {

namespace ops {

namespace {

// ---- values that pass through a product with 0 --------------------------------------------------

// Values up to this magnitude are harmless if their weight is 0: sums of their products are finite in f32.
constexpr double harmless = 1e15;

// Returns a negative number if |value| > harmless or value is NaN. Without the sign bit, floats are
// ordered as their bits are, with infinity and NaN above all numbers, and every CPU can compare
// integers by SIMD.
std::int32_t margin(float value) {
  constexpr auto limit = std::bit_cast<std::int32_t>(static_cast<float>(harmless));
  return limit - (std::bit_cast<std::int32_t>(value) & INT32_MAX);
}
std::int64_t margin(double value) {
  constexpr auto limit = std::bit_cast<std::int64_t>(harmless);
  return limit - (std::bit_cast<std::int64_t>(value) & INT64_MAX);
}

// Whether x has a NaN, an infinity or a very large value where `real` is false.
bool has_harmful_padding(const Tensor& x, const Mask& real) {
  const Strides mask_strides = broadcast_strides(real.shape(), x.shape());
  return dispatch(x.dtype(), [&]<class T>() {
    const T* elements = x.data<T>();
    const std::uint8_t* bytes = real.data();
    decltype(margin(T())) lowest_sign = 0;  // negative as soon as one value is harmful
    for_each_run(x.shape(), x.strides(), mask_strides,
                 [&](index_t n, index_t offset, index_t step, index_t mask_offset, index_t mask_step) {
                   const T* values = elements + offset;
                   const std::uint8_t* mask = bytes + mask_offset;
                   if (mask_step == 0 && *mask != 0) return;
                   if (mask_step == 0 && step == 1) {
                     for (index_t i = 0; i < n; ++i) lowest_sign |= margin(values[i]);
                   } else {
                     for (index_t i = 0; i < n; ++i)
                       if (mask[i * mask_step] == 0) lowest_sign |= margin(values[i * step]);
                   }
                 });
    return lowest_sign < 0;
  });
}

bool has_minus_infinity(const Tensor& bias) {
  return dispatch(bias.dtype(), [&]<class T>() {
    constexpr T lowest = -std::numeric_limits<T>::infinity();
    const T* elements = bias.data<T>();
    int found = 0;
    for_each_run(bias.shape(), bias.strides(), bias.strides(),
                 [&](index_t n, index_t offset, index_t step, index_t, index_t) {
                   const T* values = elements + offset;
                   if (step == 1) {
                     for (index_t i = 0; i < n; ++i) found |= static_cast<int>(values[i] == lowest);
                   } else {
                     for (index_t i = 0; i < n; ++i) found |= static_cast<int>(values[i * step] == lowest);
                   }
                 });
    return found != 0;
  });
}

// ---- positions that take part -------------------------------------------------------------------

// A mask as matrices of (1 or T, 1 or S). An undefined mask is a single 1.
struct MaskMatrices {
  Shape leading;
  index_t count = 1, rows = 1, columns = 1;
  const std::uint8_t* data;

  explicit MaskMatrices(const Mask& mask) {
    static constexpr std::uint8_t one = 1;
    data = mask.defined() ? mask.data() : &one;
    if (!mask.defined()) return;
    const int rank = mask.rank();
    if (rank >= 1) columns = mask.shape().back(1);
    if (rank >= 2) rows = mask.shape().back(2);
    for (int axis = 0; axis + 2 < rank; ++axis) leading.push_back(mask.shape()[axis]);
    count = leading.numel();
  }
};

// Sets queries[t] = 1 if matrix i allows query t to attend to a key, and keys[s] = 1 if it allows a
// query to attend to key s.
void mark_attended(const MaskMatrices& m, index_t i, const CausalRule& causal, index_t t, index_t s,
                   std::uint8_t* queries, std::uint8_t* keys) {
  for (index_t query = 0; query < t; ++query) {
    const std::uint8_t* row = m.data + (i * m.rows + (m.rows == 1 ? 0 : query)) * m.columns;
    const index_t n = causal.keys(query, t, s);
    const index_t columns = std::min(n, m.columns);
    const bool any = columns > 0 && std::memchr(row, 1, static_cast<std::size_t>(columns)) != nullptr;
    queries[query] = any;
    // If all queries have the same row, the last one may attend to the most keys.
    const bool adds_keys = m.rows > 1 || query == t - 1;
    if (!any || !adds_keys) continue;
    for (index_t key = 0; key < n; ++key) keys[key] |= row[m.columns == 1 ? 0 : key];
  }
}

}  // namespace

// A mask or a bias with a third of four axes would be matched with the heads, even if it was meant
// for the samples of the batch.
void check_over_scores(const char* op, const char* name, const Shape& shape, const Shape& scores) {
  check(shape.rank() <= 2 || shape.rank() >= scores.rank(), op, "expected a ", name,
        " with at most 2 axes, (T, S), or with all ", scores.rank(), " axes of the scores ", scores, ", got ",
        shape, ". Hint: ", name, ".unsqueeze(1) shares it across heads, unsqueeze(0) across samples");
  check(shape.rank() <= scores.rank() && broadcast_shapes(op, scores, shape) == scores, op, "expected a ",
        name, " that broadcasts to the scores (..., T, S) = ", scores, ", got ", shape);
}

void check_mask(const char* op, const Mask& mask, const Shape& scores) {
  if (!mask.defined()) return;
  check_over_scores(op, "mask", mask.shape(), scores);
  if (scores.rank() > 2) check_not_ambiguous(op, mask, scores[0], scores.back(2), scores.rank());
}

Mask combine_masks(const Mask& a, const Mask& b) {
  if (!a.defined()) return b;
  return b.defined() ? a & b : a;
}

Mask mask_with_bias(const Mask& mask, const Tensor& bias) {
  if (!bias.defined() || !has_minus_infinity(bias)) return mask;
  return combine_masks(mask, !equal(bias.detach(), -std::numeric_limits<double>::infinity()));
}

AttendedPositions attended_positions(const Mask& mask, const CausalRule& causal, index_t t, index_t s) {
  if (t == 0 || s == 0 || (!mask.defined() && !causal.on)) return {};
  const MaskMatrices m(mask);
  if (m.count == 0) return {};
  std::vector<std::uint8_t> queries(static_cast<std::size_t>(m.count * t)),
      keys(static_cast<std::size_t>(m.count * s));
  for (index_t i = 0; i < m.count; ++i)
    mark_attended(m, i, causal, t, s, queries.data() + i * t, keys.data() + i * s);
  const auto unless_all = [&](std::vector<std::uint8_t>& values, index_t n) {
    if (std::memchr(values.data(), 0, values.size()) == nullptr) return Mask();
    Shape shape = m.leading;
    shape.push_back(n);
    shape.push_back(1);
    return Mask(std::move(values), shape);
  };
  return {unless_all(queries, t), unless_all(keys, s)};
}

}  // namespace ops

// clear_padding(x, real): sets padding to 0 if it could pass through a product with 0; otherwise returns x.
//   x (...), real broadcasts to x -> y (...)
//   forward    y = masked_fill(x, !real, 0), or x
//   backward   dx = dy, 0 where x was cleared
Tensor clear_padding(const Tensor& x, const Mask& real) {
  const char* op = "clear_padding";
  ops::check_tensors(op, {&x});
  if (!real.defined()) return x;
  check(real.rank() <= x.rank() && broadcast_shapes(op, x.shape(), real.shape()) == x.shape(), op,
        "expected a mask that broadcasts to x ", x, ", got ", real);
  return ops::has_harmful_padding(x, real) ? masked_fill(x, !real, 0) : x;
}

}  // namespace heed
