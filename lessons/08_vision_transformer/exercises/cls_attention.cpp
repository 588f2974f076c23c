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
  todo("the row of CLS, without its weight on itself");
}

}  // namespace heed::exercise
