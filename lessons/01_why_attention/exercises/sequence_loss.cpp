// 01_sequence_loss — The mean cross-entropy of the target words, without the padding.
// Exercise 2 · 15 minutes · ●●○ · after 01_teacher_forcing
//
//   logits (B, T, V), target (B, T) with `pad` after the end of each sequence -> a single number
//   loss = mean over all positions that are not padding of  -log softmax(logits[b][t])[target[b][t]]
//
// In a batch whose longest sequence has 20 words, a sequence of 3 words has 17 positions of padding.
// How would they change the mean? If all positions are padding, the loss is 0. pad is an id in
// [0, V). Logits at padding may have any value, including NaN.
//
// You may use:  log_softmax(x, axis), target.reshape(shape), x.squeeze(axis), x.sum(), x.size(axis),
//               gather(x, 2, indices (B, T, 1)) -> (B, T, 1): the element at that index of each row,
//               not_padding(target, pad), a Mask (B, 1, T) that is true for words,
//               mask.reshape(shape), mask.count(), masked_fill(x, !mask, value), std::max.
//               Do not use cross_entropy, which computes this loss.
#include <algorithm>

#include "lessons/01_why_attention/exercises.h"

namespace heed::exercise {

Tensor sequence_loss(const Tensor& logits, const IntTensor& target, index_t pad) {
  todo("average -log p(target) over the positions that are not padding");
}

}  // namespace heed::exercise
