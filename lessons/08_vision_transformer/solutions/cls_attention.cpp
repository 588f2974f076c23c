// 08 · cls_attention — where CLS looked, as a picture.
//
//   weights (B, H, T, T) of a layer, T = 1 + down · across -> (B, down, across)
//   the mean over the heads; of that, how much the query CLS took of each patch
//
// Rows of `weights` are queries, columns are keys, and CLS is token 0 on both sides. What CLS took of itself is not
// in the picture, so the picture's sum is below 1: leave it so.
//
// You may use:  x.mean(axis), x.select(axis, i), x.slice(axis, begin), x.reshape({…}), x.size(axis).
#include "lessons/08_vision_transformer/exercises.h"

namespace heed::exercise {

Tensor cls_attention(const Tensor& weights, index_t down, index_t across) {
  // solution: the row of CLS, without itself
  const Tensor of_cls = weights.mean(1).select(1, 0);  // (B, T)
  return of_cls.slice(1, 1).reshape({weights.size(0), down, across});
  // end
}

}  // namespace heed::exercise
