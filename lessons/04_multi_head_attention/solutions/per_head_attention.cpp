// 04_per_head_attention — Compute attention in every head, with one mask for all of them.
// Exercise 3 · 15 minutes · ●●○ · after 02_sdpa, 04_split_heads
//
//   q (B, H, T, D), k (B, H, S, D), v (B, H, S, D) -> output (B, H, T, D), weights (B, H, T, S)
//   weights = softmax(q · kᵀ / √?) over the allowed keys,  output = weights · v    in each head
//
// matmul and softmax work on the last axes and treat the leading ones as a batch, so no loop over
// heads is needed. `allowed` is (B, T, S), or (B, 1, S) for padding, or undefined; TRUE = MAY ATTEND.
// It has no head axis and applies to all heads. Broadcasting aligns axes from the right: with which
// axis of the scores would B of the mask be aligned? A query with no allowed key gets weights of 0.
// A masked key also gets weight 0, even if it contains NaN (values are always finite). Is the
// width of a query here C or D?
//
// You may use:  matmul, k.transpose(axis, axis), k.size(axis), std::sqrt, allowed.defined(),
//               allowed.unsqueeze(axis), softmax(x, axis), masked_softmax(x, allowed) over the last
//               axis. An AttentionResult is {output, weights}.
#include <cmath>

#include "lessons/04_multi_head_attention/exercises.h"

namespace heed::exercise {

AttentionResult per_head_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  // solution: compute attention in every head, with one mask for all of them
  const Tensor scores = matmul(q, k.transpose(-2, -1)) / std::sqrt(static_cast<double>(q.size(-1)));
  const Tensor weights =
      allowed.defined() ? masked_softmax(scores, allowed.unsqueeze(1)) : softmax(scores, -1);
  return {matmul(weights, v), weights};
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. How many products does one element of q · kᵀ sum here? And if the mask is (B, T, S) and the
//    scores are (B, H, T, S), which of their axes does broadcasting align?
// 2. scores = q · kᵀ / √D is (B, H, T, S). With one more axis the mask is (B, 1, T, S) and
//    broadcasts over the heads. The weights are the softmax over the last axis, and output =
//    weights · v is (B, H, T, D).
// 3. `const Tensor scores = matmul(q, k.transpose(-2, -1)) /
//    std::sqrt(static_cast<double>(q.size(-1)));` then `allowed.defined() ? masked_softmax(scores,
//    allowed.unsqueeze(1)) : softmax(scores, -1)`, then `return {matmul(weights, v), weights};`
