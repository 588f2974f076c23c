// attention.cpp — scaled dot-product attention as it reads: scores, mask, softmax, weighted sum. Then the same as one op, whose
// passes short_attention.cpp makes with whole rows of P and long_attention.cpp tile by tile.
#include "autograd/ops/attention.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "autograd/ops/broadcast_runs.h"
#include "autograd/ops/common.h"

namespace heed {

namespace {

struct Sequences {
  Tensor q, k, v;
};

// A masked score has a weight of 0, but 0 * NaN is NaN: in P · v, in dO · vᵀ, in dS · k and in dSᵀ
// · q. So queries that may attend to nothing and keys that no query may attend to are cleared
// first. If q and k are one tensor, a position is cleared as a key and a query.
Sequences without_padding(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& mask,
                          const AttentionOptions& options) {
  const ops::Attended used =
      ops::attended(mask, {options.causal, options.causal_alignment}, q.size(-2), k.size(-2));
  const Tensor keys = clear_padding(k, used.keys);
  return {q.state() == k.state() ? keys : clear_padding(q, used.queries), keys,
          v.state() == k.state() ? keys : clear_padding(v, used.keys)};
}

}  // namespace

// attention(q, k, v): each query's mixture of the values, by how well it matches the keys.
//   q (..., T, D), k (..., S, D), v (..., S, Dv) -> output (..., T, Dv), weights (..., T, S)
//   Vaswani et al., "Attention is all you need", 2017, equation 1
//   taught in  lessons/02
AttentionResult attention(const Tensor& q, const Tensor& k, const Tensor& v,
                          const AttentionOptions& options) {
  ops::check_attention("attention", q, k, v, options);
  Mask mask = ops::visible(options.mask, options.bias);
  const Sequences in = without_padding(q, k, v, mask, options);
  if (options.causal) {
    const Mask past = causal(q.size(-2), k.size(-2), options.causal_alignment);
    mask = mask.defined() ? mask & past : past;
  }

  Tensor scores = matmul(in.q, in.k.transpose(-2, -1)) * ops::scale_of(q, options);
  if (options.bias.defined()) scores = scores + options.bias;
  const Tensor weights = mask.defined() ? masked_softmax(scores, mask) : softmax(scores, -1);
  const Tensor kept = options.dropout > 0 ? dropout(weights, options.dropout, *options.generator) : weights;
  return {matmul(kept, in.v), weights};
}

// scaled_dot_product_attention(q, k, v): attention() as one op. A test holds the two together.
//   forward    1  S = q · kᵀ * scale (+ bias)
//              2  P = softmax(S) where allowed, 0 elsewhere
//              3  O = drop(P) · v
//   backward   3  dv = drop(P)ᵀ · dO;  dP = drop(dO · vᵀ)
//              2  dS = P * (dP - sum(dP * P))
//              1  dq = dS · k * scale;  dk = dSᵀ · q * scale;  dbias = dS, summed where it was broadcast
//   saves      q, k, v, bias; P (..., T, S) only if it is small, otherwise O and two numbers of
//              each row, from which backward computes P and the dropped weights again
//   taught in  lessons/04, lessons/09
Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionOptions& options) {
  ops::check_attention("scaled_dot_product_attention", q, k, v, options);
  AttentionOptions fused = options;
  fused.mask = ops::visible(options.mask, options.bias);
  const Sequences in = without_padding(q, k, v, fused.mask, options);
  return ops::fused_attention(in.q, in.k, in.v, fused);
}

// ---- what the two share ------------------------------------------------------------------------------------

namespace ops {

namespace {

// Values up to this are harmless behind a weight of 0: sums of their products are finite in f32.
constexpr double harmless = 1e15;

// Negative if |value| > harmless, or NaN. Without the sign, floats are ordered as their bits are,
// infinity and NaN above all numbers; and integers are compared by SIMD instructions that every CPU
// has.
std::int32_t excess(float value) {
  constexpr auto limit = std::bit_cast<std::int32_t>(static_cast<float>(harmless));
  return limit - (std::bit_cast<std::int32_t>(value) & INT32_MAX);
}
std::int64_t excess(double value) {
  constexpr auto limit = std::bit_cast<std::int64_t>(harmless);
  return limit - (std::bit_cast<std::int64_t>(value) & INT64_MAX);
}

// Whether x holds NaN, an infinity or a very large value where `real` is false.
bool has_harmful_padding(const Tensor& x, const Mask& real) {
  const Strides mask_strides = broadcast_strides(real.shape(), contiguous_strides(real.shape()), x.shape());
  return dispatch(x.dtype(), [&]<class T>() {
    const T* first = x.data<T>();
    const std::uint8_t* first_mask = real.data();
    decltype(excess(T())) found = 0;  // negative: one is harmful
    for_each_run(x.shape(), x.strides(), mask_strides,
                 [&](index_t n, index_t from, index_t step, index_t at, index_t mask_step) {
                   const T* values = first + from;
                   const std::uint8_t* mask = first_mask + at;
                   if (mask_step == 0 && *mask != 0) return;
                   if (mask_step == 0 && step == 1) {
                     for (index_t i = 0; i < n; ++i) found |= excess(values[i]);
                   } else {
                     for (index_t i = 0; i < n; ++i)
                       if (mask[i * mask_step] == 0) found |= excess(values[i * step]);
                   }
                 });
    return found < 0;
  });
}

bool has_minus_infinity(const Tensor& bias) {
  return dispatch(bias.dtype(), [&]<class T>() {
    constexpr T lowest = -std::numeric_limits<T>::infinity();
    const T* first = bias.data<T>();
    int found = 0;
    for_each_run(bias.shape(), bias.strides(), bias.strides(),
                 [&](index_t n, index_t from, index_t step, index_t, index_t) {
                   const T* values = first + from;
                   if (step == 1) {
                     for (index_t i = 0; i < n; ++i) found |= static_cast<int>(values[i] == lowest);
                   } else {
                     for (index_t i = 0; i < n; ++i) found |= static_cast<int>(values[i * step] == lowest);
                   }
                 });
    return found != 0;
  });
}

// A mask or a bias has two axes for all samples and heads, or all axes of the scores (..., T, S). A
// third of four would be matched with the heads, also if it is meant for the samples.
void check_over_scores(const char* op, const char* name, const Shape& shape, const Shape& scores) {
  check(shape.rank() <= 2 || shape.rank() >= scores.rank(), op, "expected a ", name,
        " with at most 2 axes, (T, S), or with all ", scores.rank(), " axes of the scores ", scores, ", got ",
        shape, ". Hint: ", name, ".unsqueeze(1) is the same for all heads, unsqueeze(0) for all samples");
  check(shape.rank() <= scores.rank() && broadcast_shapes(op, scores, shape) == scores, op, name, " ", shape,
        " must broadcast to the scores ", scores, " (..., T, S)");
}

// A mask as matrices of (1 or T, 1 or S); the undefined one is a single 1.
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

// queries[t] = 1 if matrix i lets query t attend to a key; keys[s] = 1 if it lets a query attend to
// key s.
void mark_attended(const MaskMatrices& m, index_t i, const CausalRule& causal, index_t t, index_t s,
                   std::uint8_t* queries, std::uint8_t* keys) {
  for (index_t query = 0; query < t; ++query) {
    const std::uint8_t* row = m.data + (i * m.rows + (m.rows == 1 ? 0 : query)) * m.columns;
    const index_t n = causal.keys(query, t, s);
    const index_t columns = std::min(n, m.columns);
    const bool any = columns > 0 && std::memchr(row, 1, static_cast<std::size_t>(columns)) != nullptr;
    queries[query] = any;
    // If all queries have the same row, the last one may attend to the most keys.
    const bool needed = m.rows > 1 || query == t - 1;
    if (!any || !needed) continue;
    for (index_t key = 0; key < n; ++key) keys[key] |= row[m.columns == 1 ? 0 : key];
  }
}

}  // namespace

void check_mask(const char* op, const Mask& mask, const Shape& scores) {
  if (!mask.defined()) return;
  check_over_scores(op, "mask", mask.shape(), scores);
  if (scores.rank() > 2) check_not_ambiguous(op, mask, scores[0], scores.back(2), scores.rank());
}

void check_attention(const char* op, const Tensor& q, const Tensor& k, const Tensor& v,
                     const AttentionOptions& o) {
  ops::check_tensors(op, {&q, &k, &v});
  const auto shapes = concat("q ", q.shape(), ", k ", k.shape(), ", v ", v.shape());
  check(q.rank() >= 2 && k.rank() == q.rank() && v.rank() == q.rank(), op,
        "q, k and v need the same number of axes, at least two: ", shapes);
  for (int axis = 0; axis + 2 < q.rank(); ++axis)
    check(q.shape()[axis] == k.shape()[axis] && q.shape()[axis] == v.shape()[axis], op, "axis ", axis,
          " differs: ", shapes, "; batches and heads must be equal");
  check(q.size(-1) == k.size(-1), op, "q and k differ in width: ", shapes,
        "; their last axes are multiplied");
  check(q.size(-1) >= 1, op, "vectors of width 0 have no products: ", shapes);
  check(k.size(-2) == v.size(-2), op, "k and v differ in length: ", shapes, "; every key has one value");
  check(o.dropout >= 0 && o.dropout <= 1, op, "dropout must be in [0, 1], got ", o.dropout);
  check(o.dropout == 0 || o.generator, op, "dropout ", o.dropout,
        " needs a generator. Hint: {.dropout = 0.1, .generator = &gen}");
  check(o.scale >= 0, op, "scale must be positive (or 0 for 1/sqrt(D)), got ", o.scale);

  const Shape scores = scores_shape(q, k);
  check_mask(op, o.mask, scores);
  if (!o.bias.defined()) return;
  ops::check_tensors(op, {&q, &o.bias});
  check_over_scores(op, "bias", o.bias.shape(), scores);
}

Shape scores_shape(const Tensor& q, const Tensor& k) {
  Shape shape = q.shape();
  shape[q.rank() - 1] = k.size(-2);
  return shape;
}

double scale_of(const Tensor& q, const AttentionOptions& o) {
  return o.scale > 0 ? o.scale : 1 / std::sqrt(static_cast<double>(q.size(-1)));
}

Mask visible(const Mask& mask, const Tensor& bias) {
  if (!bias.defined() || !has_minus_infinity(bias)) return mask;
  const Mask finite = !equal(bias.detach(), -std::numeric_limits<double>::infinity());
  return mask.defined() ? mask & finite : finite;
}

Attended attended(const Mask& mask, const CausalRule& causal, index_t t, index_t s) {
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

// clear_padding(x, real): x, or masked_fill(x, !real, 0) if a value there could pass through a
// product with 0.
Tensor clear_padding(const Tensor& x, const Mask& real) {
  ops::check_tensors("clear_padding", {&x});
  if (!real.defined()) return x;
  check(real.rank() <= x.rank() && broadcast_shapes("clear_padding", x.shape(), real.shape()) == x.shape(),
        "clear_padding", "expected a mask that broadcasts to x ", x.shape(), ", got ", real.shape());
  return ops::has_harmful_padding(x, real) ? masked_fill(x, !real, 0) : x;
}

}  // namespace heed
