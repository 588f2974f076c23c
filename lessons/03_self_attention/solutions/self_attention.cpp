// 03_self_attention — Compute the attention of a sequence to itself.
// Exercise 2 · 20 minutes · ●●○ · after 02_sdpa, 03_project
//
//   x (B, T, C), w (see exercises.h), allowed (B, 1, T) or undefined -> output (B, T, Dv), weights (B, T, T)
//   weights = softmax(Q · Kᵀ / √D) over the allowed keys,  output = weights · V
//
// weights[b][t][s] is the weight that word t of sequence b gives to word s of the same sequence. In
// `allowed`, TRUE = MAY ATTEND. A fully masked row is 0. The width D of queries and keys may differ
// from C and from Dv. All elements of x are finite.
//
// You may use:  matmul(a, b), x.transpose(axis, axis), x.size(axis), std::sqrt, softmax(x, axis),
//               masked_softmax(x, allowed) (over the last axis; a fully masked row is 0), and
//               {output, weights} to make the result.
#include <cmath>

#include "lessons/03_self_attention/exercises.h"

namespace heed::exercise {

AttentionResult self_attention(const Tensor& x, const Projections& w, const Mask& allowed) {
  // solution: compute the attention of x to itself
  const Tensor q = matmul(x, w.w_q), k = matmul(x, w.w_k), v = matmul(x, w.w_v);
  const Tensor scores =
      matmul(q, k.transpose(-2, -1)) / std::sqrt(static_cast<double>(q.size(-1)));  // (B, T, T)
  const Tensor weights = allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1);
  return {matmul(weights, v), weights};
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. In lesson 02, q, k and v were arguments. Where do they come from now, and which of the other
//    steps must change?
// 2. Compute q, k (B, T, D) and v (B, T, Dv) from x. The scores (B, T, T) are divided by √D. The
//    weights follow from the scores and the mask (B, 1, T), which broadcasts over the queries. The
//    output is (B, T, Dv).
// 3. Three lines: `scores = matmul(q, k.transpose(-2, -1)) /
//    std::sqrt(static_cast<double>(q.size(-1)))`, then `masked_softmax(scores, allowed)` or, if
//    `allowed` is undefined, `softmax(scores, -1)`, then `return {matmul(weights, v), weights};`.
