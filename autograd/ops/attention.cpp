// attention.cpp — scaled dot-product attention: first as it reads, then as one op.
#include <cmath>
#include <limits>
#include <vector>

#include "autograd/kernels/gemm.h"
#include "autograd/ops/common.h"

namespace heed {

// ---- what both forms share --------------------------------------------------------------------------------

static void check_attention(const char* op, const Tensor& q, const Tensor& k, const Tensor& v,
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
}

static double scale_of(const Tensor& q, const AttentionOptions& o) {
  return o.scale > 0 ? o.scale : 1 / std::sqrt(static_cast<double>(q.size(-1)));
}

// Everything that hides a key, as one mask that broadcasts to (..., T, S); undefined where nothing is hidden.
static Mask allowed(const char* op, const Tensor& q, const Tensor& k, const AttentionOptions& o) {
  Shape scores = q.shape();
  scores[q.rank() - 1] = k.size(-2);
  Mask mask = o.mask;
  if (mask.defined())
    check(mask.rank() <= scores.rank() && broadcast_shapes(op, scores, mask.shape()) == scores, op, "mask ",
          mask.shape(), " must broadcast to the scores ", scores, " (..., T, S)");
  const auto also = [&](const Mask& more) { mask = mask.defined() ? mask & more : more; };
  if (o.causal) also(causal(q.size(-2), k.size(-2)));
  if (!o.bias.defined()) return mask;

  ops::check_tensors(op, {&q, &o.bias});
  check(o.bias.rank() <= scores.rank() && broadcast_shapes(op, scores, o.bias.shape()) == scores, op, "bias ",
        o.bias.shape(), " must broadcast to the scores ", scores, " (..., T, S)");
  const Mask visible = o.bias.detach() > -std::numeric_limits<double>::infinity();
  if (visible.count() < visible.numel()) also(visible);
  return mask;
}

// ---- the readable form ------------------------------------------------------------------------------------

// attention(q, k, v): each query's mixture of the values, by how well it matches the keys.
//   q (..., T, D), k (..., S, D), v (..., S, Dv) -> output (..., T, Dv), weights (..., T, S)
//   Vaswani et al., "Attention is all you need", 2017, equation 1
//   taught in  lessons/02
AttentionResult attention(const Tensor& q, const Tensor& k, const Tensor& v,
                          const AttentionOptions& options) {
  check_attention("attention", q, k, v, options);
  const Mask mask = allowed("attention", q, k, options);

  Tensor scores = matmul(q, k.transpose(-2, -1)) * scale_of(q, options);
  if (options.bias.defined()) scores = scores + options.bias;
  const Tensor weights = mask.defined() ? masked_softmax(scores, mask) : softmax(scores, -1);
  const Tensor kept = options.dropout > 0 ? dropout(weights, options.dropout, *options.generator) : weights;
  return {matmul(kept, v), weights};
}

// ---- one op -----------------------------------------------------------------------------------------------

namespace {

// (..., rows, columns) as a batch of matrices that gemm reads in place: the last axis dense, all others at
// any stride, as (B, T, H, D) transposed to (B, H, T, D) leaves them.
struct Matrices {
  Tensor tensor;
  index_t ld;
  std::vector<index_t> offsets;

  explicit Matrices(const Tensor& t)
      : tensor(readable(t)), ld(std::max<index_t>(tensor.strides().back(2), tensor.size(-1))) {
    offsets.push_back(0);
    for (int axis = 0; axis + 2 < tensor.rank(); ++axis) {
      std::vector<index_t> next;
      for (const index_t start : offsets)
        for (index_t i = 0; i < tensor.shape()[axis]; ++i) next.push_back(start + i * tensor.strides()[axis]);
      offsets = std::move(next);
    }
  }
  index_t rows() const { return tensor.size(-2); }
  index_t columns() const { return tensor.size(-1); }

 private:
  static Tensor readable(const Tensor& t) {
    const bool dense_rows = t.size(-1) <= 1 || t.strides().back(1) == 1;
    const bool apart = t.size(-2) <= 1 || t.strides().back(2) >= t.size(-1);
    return dense_rows && apart ? t.detach() : ops::dense(t);
  }
};

// A result (B, H, T, D) laid out as (B, T, H, D), so that joining the heads again copies
// nothing; other ranks are dense.
Tensor head_major(const Shape& shape, DType dtype) {
  if (shape.rank() != 4) return empty(shape, dtype);
  return empty({shape[0], shape[2], shape[1], shape[3]}, dtype).transpose(1, 2);
}

// c = op(a) · op(b) for every matrix of the batch.
void multiply(const Matrices& a, bool transpose_a, const Matrices& b, bool transpose_b, Matrices& c) {
  const kernels::GemmShape s{.transpose_a = transpose_a,
                             .transpose_b = transpose_b,
                             .m = c.rows(),
                             .n = c.columns(),
                             .k = transpose_a ? a.rows() : a.columns(),
                             .lda = a.ld,
                             .ldb = b.ld,
                             .ldc = c.ld};
  if (c.tensor.numel() == 0) return;
  ops::dispatch(c.tensor.dtype(), [&]<class T>() {
    kernels::gemm_batched(s, static_cast<index_t>(c.offsets.size()), a.tensor.data<T>(), a.offsets.data(),
                          b.tensor.data<T>(), b.offsets.data(), ops::output<T>(c.tensor), c.offsets.data());
  });
}

}  // namespace

// scaled_dot_product_attention(q, k, v): attention() as one op. A test holds the two together.
//   forward    1  S = q · kᵀ * scale (+ bias)
//              2  P = softmax(S) where allowed, 0 elsewhere
//              3  O = drop(P) · v
//   backward   3  dv = drop(P)ᵀ · dO;  dP = drop(dO · vᵀ)
//              2  dS = P * (dP - sum(dP * P))
//              1  dq = dS · k * scale;  dk = dSᵀ · q * scale;  dbias = dS, summed where it was broadcast
//   saves      q, k, v, P (..., T, S), and drop(P) where there is dropout; heads split by transpose are read in
//              place
//   taught in  lessons/04
Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionOptions& options) {
  const char* op = "scaled_dot_product_attention";
  check_attention(op, q, k, v, options);
  const Mask mask = allowed(op, q, k, options);
  const double scale = scale_of(q, options);
  Shape scores = q.shape(), out = q.shape();
  scores[q.rank() - 1] = k.size(-2);
  out[q.rank() - 1] = v.size(-1);

  Tensor weights, kept, y = head_major(out, q.dtype());
  {
    const NoGrad no_grad;
    const Matrices mq(q), mk(k), mv(v);
    Matrices s(empty(scores, q.dtype()));
    multiply(mq, false, mk, true, s);  // 1
    Tensor scaled = s.tensor * scale;
    if (options.bias.defined()) scaled = scaled + options.bias;
    weights = mask.defined() ? masked_softmax(scaled, mask) : softmax(scaled, -1);  // 2
    kept = options.dropout > 0 ? dropout(weights, options.dropout, *options.generator) : weights;
    Matrices o(y);
    if (k.size(-2) == 0)
      y.zero_();
    else
      multiply(Matrices(kept), false, mv, false, o);  // 3
  }
  const Shape bias = options.bias.defined() ? options.bias.shape() : Shape{};
  return record(
      op, {q, k, v, options.bias}, y,
      [q = Saved(q), k = Saved(k), v = Saved(v), weights = Saved(weights), kept = Saved(kept),
       dropped = options.dropout > 0, p = options.dropout, scale, bias](const Tensor& dy, Gradients& d) {
        const Matrices mq(q()), mk(k()), mv(v()), go(dy), mkept(kept());
        const Tensor w = weights();
        const auto like = [&](const Saved& t) { return head_major(t.shape(), dy.dtype()); };
        // 3
        if (d.needs(2)) {
          Matrices dv(like(v));
          multiply(mkept, true, go, false, dv);
          d[2] = dv.tensor;
        }
        if (!d.needs(0) && !d.needs(1) && !d.needs(3)) return;
        Matrices dp(empty(w.shape(), dy.dtype()));
        multiply(go, false, mv, true, dp);
        // what was dropped is 0 in kept; what was not grew by 1/(1-p), and a weight of 0 passes
        // nothing on anyway
        Tensor dw = dp.tensor;
        if (dropped)
          dw = where(equal(mkept.tensor, 0), zeros({}, dy.dtype()), dw * (p < 1 ? 1 / (1 - p) : 0));
        // 2
        const Tensor dscores = w * (dw - sum(dw * w, -1, true));
        // 1
        if (d.needs(3)) d[3] = sum_to(dscores, bias);
        if (!d.needs(0) && !d.needs(1)) return;
        Matrices ds(dscores * scale);
        if (d.needs(0)) {
          Matrices dq(like(q));
          multiply(ds, false, mk, false, dq);
          d[0] = dq.tensor;
        }
        if (d.needs(1)) {
          Matrices dk(like(k));
          multiply(ds, true, mq, false, dk);
          d[1] = dk.tensor;
        }
      });
}

}  // namespace heed
