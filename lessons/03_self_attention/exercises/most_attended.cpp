// 03_most_attended — Find the keys that a query attends to most.
// Exercise 3 · 5 minutes · ●○○ · after 03_self_attention
//
//   weights (T, S), query in [0, T), count in [1, S]
//   -> (count): the indices of the keys with the largest weights of `query`, the largest first
//
// The entries of a row sum to 1, and no two entries of a row are equal. Which contains the weights
// of one query, and which the weights that one key receives: a row or a column?
//
// You may use:  weights[i] (row i), x.select(axis, i), topk(x, k) (the k largest of the last axis,
//               largest first: .values and .indices).
#include "lessons/03_self_attention/exercises.h"

namespace heed::exercise {

IntTensor most_attended(const Tensor& weights, index_t query, index_t count) {
  todo("find the keys with the largest weights of this query");
}

}  // namespace heed::exercise
