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
  todo("move the head axis next to the channels, then merge the two");
}

}  // namespace heed::exercise
