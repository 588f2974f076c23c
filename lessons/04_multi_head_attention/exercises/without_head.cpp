// 04 · without_head — cut one head out of W_O, to see what it was good for.
//
//   out_proj_weight (C, C), heads H, off in 0 … H-1 -> (C, C): the same, but nothing of head `off` comes through
//   output = joined · out_proj_weightᵀ + bias, and head i stands in channels i·D … i·D + D-1 of `joined`
//
// A weight is (out, in). Are a head's numbers rows of it, or columns?
// The layer goes on living: the weight that was given must stay as it is. (A copy of a Tensor is the same tensor.)
// H divides C, and no gradient is needed.
//
// You may use:  w.clone(), w.set({row, column}, number), w.size(axis).
#include "lessons/04_multi_head_attention/exercises.h"

namespace heed::exercise {

Tensor without_head(const Tensor& out_proj_weight, index_t heads, index_t off) {
  todo("nothing of head `off` may come through");
}

}  // namespace heed::exercise
