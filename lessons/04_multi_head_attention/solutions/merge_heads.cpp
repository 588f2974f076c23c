// 04_merge_heads — Concatenate the heads of each word.
// Exercise 2 · 10 minutes · ●○○ · after 04_split_heads
//
//   heads (B, H, T, D) -> x (B, T, C), with C = H · D
//   x[b][t] = heads[b][0][t], then heads[b][1][t], …: the exact inverse of split_heads
//
// A reshape can merge only adjacent axes. Which two must be merged here, and are they adjacent?
//
// You may use:  heads.reshape({…}), heads.transpose(axis, axis), heads.size(axis).
#include "lessons/04_multi_head_attention/exercises.h"

namespace heed::exercise {

Tensor merge_heads(const Tensor& heads) {
  // solution: move the head axis next to the channels, then merge the two
  const index_t b = heads.size(0), h = heads.size(1), t = heads.size(2), d = heads.size(3);
  return heads.transpose(1, 2).reshape({b, t, h * d});
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. In (B, H, T, D), which axis lies between H and D, and how would a reshape treat it?
// 2. (B, H, T, D) → transpose H and T → (B, T, H, D) → reshape → (B, T, H · D).
// 3. `heads.transpose(1, 2)` is (B, T, H, D); its `.reshape({b, t, h * d})` is the result.
