// 03_cross_attention — Compute the attention of one sequence to another.
// Exercise 4 · 10 minutes · ●●○ · after 02_padding_mask, 03_self_attention
//
//   target: x (B, T, C), allowed (B, 1, T);  source: x (B, S, C), allowed (B, 1, S);  w (see exercises.h)
//   -> output (B, T, Dv), weights (B, T, S)
//
// This is the encoder–decoder attention of a translation model: the translation so far (target)
// provides the queries, the sentence to translate (source) provides the keys and values. Both are
// padded. Whose padding must be masked? If a source has no words at all, its rows of output and
// weights are 0.
//
// You may use:  attention(q, k, v, {.mask = mask}) of lesson 02 (returns {output, weights}), and
//               matmul(a, b).
#include "lessons/03_self_attention/exercises.h"

namespace heed::exercise {

AttentionResult cross_attention(const Sequences& target, const Sequences& source, const Projections& w) {
  // solution: compute the attention of the target to the source
  const Tensor q = matmul(target.x, w.w_q), k = matmul(source.x, w.w_k), v = matmul(source.x, w.w_v);
  return attention(q, k, v, {.mask = source.allowed});
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Of queries, keys and values, which belong to the sequence that attends, and which to the
//    sequence that is attended to?
// 2. q (B, T, D) comes from target.x; k (B, S, D) and v (B, S, Dv) come from source.x; the scores
//    are (B, T, S). A padding mask (B, 1, S) broadcasts to that shape.
// 3. `return attention(q, k, v, {.mask = …});` with the mask of the sequence that the keys come
//    from.
