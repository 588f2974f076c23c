// 04 · merge_heads — put what the heads found side by side again, word by word.
//
//   heads (B, H, T, D) -> x (B, T, C), with C = H · D
//   x[b][t] = heads[b][0][t], then heads[b][1][t], … : the exact way back from split_heads
//
// Only axes that stand beside each other can become one. Which two must become one here, and do they?
//
// You may use:  heads.reshape({…}), heads.transpose(axis, axis), heads.size(axis).
#include "lessons/04_multi_head_attention/exercises.h"

namespace heed::exercise {

Tensor merge_heads(const Tensor& heads) {
  // solution: bring the head axis beside the channels, then make the two one
  const index_t b = heads.size(0), h = heads.size(1), t = heads.size(2), d = heads.size(3);
  return heads.transpose(1, 2).reshape({b, t, h * d});
  // end
}

}  // namespace heed::exercise
