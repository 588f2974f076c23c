// 02_sdpa — Combine the parts into complete scaled dot-product attention.
// Exercise 6 · 20 minutes · ●●○ · after 02_scaled_scores, 02_softmax_rows, 02_causal_mask, 02_padding_mask
//
//   q (..., T, D), k (..., S, D), v (..., S, Dv) -> output (..., T, Dv)
//   output = softmax(q · kᵀ / √D over the allowed keys) · v
//
// In `allowed`, TRUE = MAY ATTEND; it broadcasts to the scores (..., T, S). If allowed.defined() is
// false, every query may attend to every key. A masked key gets a weight of exactly 0, even if the
// key contains NaN or infinity (values are always finite). The other weights of the row sum to 1.
//
// If a query may attend to no key, its output is 0. What does softmax return for a row of −∞?
//
// You may use:  matmul(a, b), x.transpose(axis, axis), x.size(axis), std::sqrt, softmax(x, axis),
//               masked_fill(x, mask, value) (writes the value at every TRUE of the mask), !mask,
//               and INFINITY.
#include <cmath>

#include "lessons/02_scaled_dot_product_attention/exercises.h"

namespace heed::exercise {

Tensor sdpa(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  // solution: scores, scale, mask, softmax, weighted sum
  const double d_k = static_cast<double>(q.size(-1));
  Tensor scores = matmul(q, k.transpose(-2, -1)) / std::sqrt(d_k);  // (..., T, S)
  if (allowed.defined()) scores = masked_fill(scores, !allowed, -INFINITY);
  Tensor weights = softmax(scores, -1);
  if (allowed.defined()) weights = masked_fill(weights, !allowed, 0);  // a row of −∞ became 0/0
  return matmul(weights, v);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Which of the four steps uses the mask? Which score gives a weight of exactly 0?
// 2. scores = q · kᵀ / √D, (..., T, S); fill the scores with −∞ where the mask is false; weights =
//    softmax over the last axis; output = weights · v, (..., T, Dv). The softmax turns a row of −∞
//    into 0/0: correct the weights before you multiply by v.
// 3. `masked_fill(scores, !allowed, -INFINITY)`, then `softmax(scores, -1)`, then
//    `masked_fill(weights, !allowed, 0)`; both fills only if `allowed.defined()`. Finally
//    `matmul(weights, v)`.
