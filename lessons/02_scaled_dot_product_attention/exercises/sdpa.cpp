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
  todo("scores, scale, mask, softmax, weighted sum");
}

}  // namespace heed::exercise
