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
  todo("bring the head axis beside the channels, then make the two one");
}

}  // namespace heed::exercise
