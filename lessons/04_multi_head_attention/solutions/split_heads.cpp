// 04 · split_heads — give every head its own part of the channels.
//
//   x (B, T, C) -> heads (B, H, T, D), with D = C / H
//   heads[b][h][t][d] = x[b][t][h * D + d]: every head sees every word, by D of its channels
//
// A reshape never moves a number, it only counts the same row of numbers off anew. Which sizes can the channels
// alone be counted off into, and what is left to be moved after that?
// Where H does not divide C, throw: no head may get less than the others, and no channel may be lost.
//
// You may use:  x.reshape({…}), x.transpose(axis, axis), x.size(axis), check(holds, "split_heads", "what is wrong").
#include "lessons/04_multi_head_attention/exercises.h"

namespace heed::exercise {

Tensor split_heads(const Tensor& x, index_t heads) {
  // solution: split the channels, then move the heads before the words
  const index_t b = x.size(0), t = x.size(1), c = x.size(2);
  check(c % heads == 0, "split_heads", c, " channels cannot be shared evenly by ", heads, " heads");
  return x.reshape({b, t, heads, c / heads}).transpose(1, 2);
  // end
}

}  // namespace heed::exercise
