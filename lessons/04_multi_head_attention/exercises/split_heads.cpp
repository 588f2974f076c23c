// 04_split_heads — Split the channels into heads and move the heads before the words.
// Exercise 1 · 10 minutes · ●○○ · after 02_sdpa
//
//   x (B, T, C) -> heads (B, H, T, D), with D = C / H
//   heads[b][h][t][d] = x[b][t][h * D + d]: every head gets all words, with D of their channels
//
// A reshape never moves an element; it only divides the same sequence of elements differently.
// Which shapes can a reshape of the channels alone produce, and which axes must move after it?
// Throw if C is not divisible by H: all heads must have the same width, and no channel may be lost.
//
// You may use:  x.reshape({…}), x.transpose(axis, axis), x.size(axis),
//               check(condition, "split_heads", "message") (throws if the condition is false).
#include "lessons/04_multi_head_attention/exercises.h"

namespace heed::exercise {

Tensor split_heads(const Tensor& x, index_t heads) {
  todo("split the channels, then move the heads before the words");
}

}  // namespace heed::exercise
