// 02 · sdpa — the whole of scaled dot-product attention, from the parts you have.
//
//   q (T, D), k (S, D), v (S, Dv), allowed (T, S) or undefined -> output (T, Dv)
//   output = softmax(q · kᵀ / √D, where allowed) · v
//
// `allowed` says TRUE = MAY ATTEND. What may not be attended gets the score -∞ before the softmax, so that its weight is
// exactly 0. Where allowed.defined() is false, every query may look at every key.
//
// You may use:  matmul, x.transpose(axis, axis), x.size(axis), std::sqrt, masked_fill(x, !mask, value), softmax(x, axis).
#include <cmath>

#include "lessons/02_scaled_dot_product_attention/exercises.h"

namespace heed::exercise {

Tensor sdpa(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  // solution: scores, scale, mask, softmax, weighted sum
  const double d_k = static_cast<double>(q.size(-1));
  Tensor scores = matmul(q, k.transpose(-2, -1)) / std::sqrt(d_k);  // (T, S)
  if (allowed.defined()) scores = masked_fill(scores, !allowed, -INFINITY);
  return matmul(softmax(scores, -1), v);
  // end
}

}  // namespace heed::exercise
