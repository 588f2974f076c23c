// 03 · looks_at — who does "it" look at?
//
//   weights (T, S), query in [0, T), count in [1, S]
//   -> the places (count) of the keys that `query` looks at most, the most first (no two of those weights are equal)
//
// Each row of weights sums to 1. Is it a row or a column that tells what one word looks at? What does the other tell?
//
// You may use:  weights[i] (row i), x.select(axis, i), topk(x, k) (the k largest of the last axis, largest first:
//               .values and .indices).
#include "lessons/03_self_attention/exercises.h"

namespace heed::exercise {

IntTensor looks_at(const Tensor& weights, index_t query, index_t count) {
  // solution: find the keys that the query takes most from
  return topk(weights[query], count).indices;
  // end
}

}  // namespace heed::exercise
