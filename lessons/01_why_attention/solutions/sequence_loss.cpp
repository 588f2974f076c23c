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
  // solution: average -log p(target) over the positions that are not padding
  const index_t batch = target.size(0), time = target.size(1);
  const Mask words = not_padding(target, pad).reshape({batch, time});
  const Tensor log_p = gather(log_softmax(logits, -1), 2, target.reshape({batch, time, 1})).squeeze(-1);
  const auto count = static_cast<double>(std::max<index_t>(words.count(), 1));
  return -masked_fill(log_p, !words, 0).sum() / count;
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Which positions may change the loss, and how many of them are there?
// 2. The log-softmax over V is (B, T, V); the element of the target word in each row is (B, T); set
//    it to 0 at padding; negate the sum and divide by the number of words, or by 1 if there are
//    none.
// 3. `gather(log_softmax(logits, -1), 2, target.reshape({B, T, 1})).squeeze(-1)` is (B, T),
//    `not_padding(target, pad).reshape({B, T})` is the mask. Then
//    `-masked_fill(log_p, !words, 0).sum() / count`, with `words.count()` but at least 1.
