// 10_keep_top_k — Cut off all but the k most probable tokens.
// Exercise 3 · 10 minutes · ●●○ · after 10_with_temperature
//
//   logits (B, V) -> (B, V): the k largest of each row are unchanged, all others are -infinity. No
//   two logits of a row are equal; 1 <= k <= V.
//
// A token that is cut off must have probability 0 after a softmax. Each row has its own k-th
// largest logit.
//
// You may use:  topk(x, k).values (B, k), in descending order; x.slice(axis, begin, end);
//               x.size(axis); where(mask, a, b), x < y (a mask), full(shape, value, dtype),
//               x.shape(), x.dtype(), and INFINITY.
#include <cmath>

#include "lessons/10_gpt/exercises.h"

namespace heed::exercise {

Tensor keep_top_k(const Tensor& logits, index_t k) {
  // solution: find the k-th largest logit of each row, and cut off all smaller ones
  const Tensor least = topk(logits, k).values.slice(1, k - 1, k);  // (B, 1)
  const Tensor never = full(logits.shape(), -INFINITY, logits.dtype());
  return where(logits < least, never, logits);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Which logit has probability 0 after a softmax? Which number decides, row by row, whether a
//    logit remains?
// 2. topk returns (B, k), the largest first. Compare every logit of a row with the last column,
//    sliced as (B, 1).
// 3. `topk(logits, k).values.slice(1, k - 1, k)`, then `where(logits < …, never, logits)`.
