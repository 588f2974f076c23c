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
  // solution: return the weight without the contribution of this head
  Tensor rest = out_proj_weight.clone();
  const index_t width = rest.size(1) / heads;
  for (index_t row = 0; row < rest.size(0); ++row)
    for (index_t column = head * width; column < (head + 1) * width; ++column) rest.set({row, column}, 0);
  return rest;
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. The merged heads are (B, T, C), and the output is merged · Wᵀ. Which index of W runs over the
//    merged channels: the first or the second?
// 2. Set the columns head · D … head · D + D - 1 to 0 in all C rows, with D = C / H, in a copy of
//    the weight.
// 3. `Tensor rest = out_proj_weight.clone();`, the width of a head is `rest.size(1) / heads`, and
//    two loops, over all rows and over the columns of the head, `rest.set({row, column}, 0);`
