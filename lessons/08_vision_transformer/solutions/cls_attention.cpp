// 08_cls_attention — The attention map of CLS over the patches.
// Exercise 6 · 10 minutes · ●●○ · after 08_vit_forward
//
//   weights (B, H, T, T) of one layer, T = 1 + down · across -> (B, down, across)
//   the mean over the heads of the attention weights with which the query CLS attends to each patch
//
// Rows of `weights` are queries, columns are keys, and CLS is token 0 of both. The weight of CLS
// on itself is not part of the map, so each map sums to less than 1: do not normalise it.
//
// You may use:  x.mean(axis), x.select(axis, i), x.slice(axis, begin), x.reshape({…}),
//               x.size(axis).
#include "lessons/08_vision_transformer/exercises.h"

namespace heed::exercise {

Tensor cls_attention(const Tensor& weights, index_t down, index_t across) {
  // solution: the row of CLS, without its weight on itself
  const Tensor cls_row = weights.mean(1).select(1, 0);  // (B, T)
  return cls_row.slice(1, 1).reshape({weights.size(0), down, across});
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. weights[b][h][t][s] is the attention weight of query t on key s. Which t is CLS, and which s
//    are patches?
// 2. mean over axis 1: (B, T, T); row 0: (B, T); without column 0: (B, T - 1); reshape: (B, down,
//    across).
// 3. `weights.mean(1).select(1, 0).slice(1, 1)` and a `reshape({weights.size(0), down, across})`.
