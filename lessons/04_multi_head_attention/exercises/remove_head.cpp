// 04_remove_head — Remove one head from W_O to measure its contribution.
// Exercise 5 · 10 minutes · ●●○ · after 04_merge_heads
//
//   out_proj_weight (C, C), heads H, head in 0 … H-1 -> (C, C): the same, without head `head`
//   output = merged · out_proj_weightᵀ + bias, and head i occupies channels i·D … i·D + D-1 of `merged`
//
// A weight is (out, in). Does a head correspond to rows or to columns of it?
// The layer is still in use, so its weight must not be modified. (A copy of a Tensor shares its
// storage.) C is divisible by H, and no gradient is needed.
//
// You may use:  w.clone(), w.set({row, column}, number), w.size(axis).
#include "lessons/04_multi_head_attention/exercises.h"

namespace heed::exercise {

Tensor remove_head(const Tensor& out_proj_weight, index_t heads, index_t head) {
  todo("return the weight without the contribution of this head");
}

}  // namespace heed::exercise
