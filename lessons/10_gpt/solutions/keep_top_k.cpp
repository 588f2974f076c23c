// 10 · keep_top_k — cut off the long tail of tokens that are unlikely alone and likely together.
//
//   logits (B, V) -> (B, V): the k largest of each row as they are, all others -infinity (no two of a row are equal; 1 <= k <= V)
//
// What is cut off must have probability 0 after a softmax. Each row has a k-th largest logit of its own.
//
// You may use:  topk(x, k).values (B, k), from the largest down; x.slice(axis, begin, end); x.size(axis);
//               where(mask, a, b), x < y (a mask), full(shape, value, dtype), x.shape(), x.dtype(), and INFINITY.
#include <cmath>

#include "lessons/10_gpt/exercises.h"

namespace heed::exercise {

Tensor keep_top_k(const Tensor& logits, index_t k) {
  // solution: find the k-th largest of each row, and cut off what is less
  const Tensor least = topk(logits, k).values.slice(1, k - 1, k);  // (B, 1)
  const Tensor never = full(logits.shape(), -INFINITY, logits.dtype());
  return where(logits < least, never, logits);
  // end
}

}  // namespace heed::exercise
