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
  todo("scores, scale, mask, softmax, weighted sum");
}

}  // namespace heed::exercise
