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
  todo("find the k-th largest logit of each row, and cut off all smaller ones");
}

}  // namespace heed::exercise
