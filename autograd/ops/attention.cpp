// attention.cpp — scaled dot-product attention as it reads: scores, mask, softmax, weighted sum. Then the same as one op, whose
// passes short_attention.cpp makes with whole rows of P and long_attention.cpp tile by tile.
#include "autograd/ops/attention.h"

#include <cmath>
#include <limits>

#include "autograd/ops/common.h"

namespace heed {

// attention(q, k, v): each query's mixture of the values, by how well it matches the keys.
//   q (..., T, D), k (..., S, D), v (..., S, Dv) -> output (..., T, Dv), weights (..., T, S)
//   Vaswani et al., "Attention is all you need", 2017, equation 1
//   taught in  lessons/02
AttentionResult attention(const Tensor& q, const Tensor& k, const Tensor& v,
                          const AttentionOptions& options) {
  ops::check_attention("attention", q, k, v, options);
  Mask mask = ops::visible(options);
  if (options.causal) {
    const Mask past = causal(q.size(-2), k.size(-2));
    mask = mask.defined() ? mask & past : past;
  }

  Tensor scores = matmul(q, k.transpose(-2, -1)) * ops::scale_of(q, options);
  if (options.bias.defined()) scores = scores + options.bias;
  const Tensor weights = mask.defined() ? masked_softmax(scores, mask) : softmax(scores, -1);
  const Tensor kept = options.dropout > 0 ? dropout(weights, options.dropout, *options.generator) : weights;
  return {matmul(kept, v), weights};
}

// scaled_dot_product_attention(q, k, v): attention() as one op. A test holds the two together.
//   forward    1  S = q · kᵀ * scale (+ bias)
//              2  P = softmax(S) where allowed, 0 elsewhere
//              3  O = drop(P) · v
//   backward   3  dv = drop(P)ᵀ · dO;  dP = drop(dO · vᵀ)
//              2  dS = P * (dP - sum(dP * P))
//              1  dq = dS · k * scale;  dk = dSᵀ · q * scale;  dbias = dS, summed where it was broadcast
//   saves      q, k, v, bias; P (..., T, S) only where it is small, else O and two numbers of each row, from which P is made
//              again, and with it what dropout left
//   taught in  lessons/04, lessons/09
Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionOptions& options) {
  ops::check_attention("scaled_dot_product_attention", q, k, v, options);
  return ops::fused_attention(q, k, v, options);
}

// ---- what the two share ------------------------------------------------------------------------------------

namespace ops {

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
  if (o.mask.defined())
    check(o.mask.rank() <= scores.rank() && broadcast_shapes(op, scores, o.mask.shape()) == scores, op,
          "mask ", o.mask.shape(), " must broadcast to the scores ", scores, " (..., T, S)");
  if (!o.bias.defined()) return;
  ops::check_tensors(op, {&q, &o.bias});
  check(o.bias.rank() <= scores.rank() && broadcast_shapes(op, scores, o.bias.shape()) == scores, op, "bias ",
        o.bias.shape(), " must broadcast to the scores ", scores, " (..., T, S)");
}

Shape scores_shape(const Tensor& q, const Tensor& k) {
  Shape shape = q.shape();
  shape[q.rank() - 1] = k.size(-2);
  return shape;
}

double scale_of(const Tensor& q, const AttentionOptions& o) {
  return o.scale > 0 ? o.scale : 1 / std::sqrt(static_cast<double>(q.size(-1)));
}

Mask visible(const AttentionOptions& o) {
  if (!o.bias.defined()) return o.mask;
  const Mask finite = o.bias.detach() > -std::numeric_limits<double>::infinity();
  if (finite.count() == finite.numel()) return o.mask;
  return o.mask.defined() ? o.mask & finite : finite;
}

}  // namespace ops

}  // namespace heed
