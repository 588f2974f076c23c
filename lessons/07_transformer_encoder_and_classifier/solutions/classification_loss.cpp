// 07_classification_loss — The cross-entropy between logits and labels, by hand.
// Exercise 3 · 10 minutes · ●●○ · after 02_softmax_rows
//
//   logits (B, V), labels (B) -> loss (rank 0)
//   mean over b of  -log p[b][labels[b]],  where p[b] is the softmax of logits[b]
//
// Logits have not been through a softmax. Use log_softmax instead of the log of a softmax: if a
// probability is too small for a float, it becomes 0 and its log -∞. Each sequence has one label,
// so the loss uses one value per row.
//
// You may use:  log_softmax(x, axis), gather(x, axis, indices) with indices (B, 1),
//               labels.reshape(shape), labels.numel(), mean(x), -x.
#include "lessons/07_transformer_encoder_and_classifier/exercises.h"

namespace heed::exercise {

Tensor classification_loss(const Tensor& logits, const IntTensor& labels) {
  // solution: the mean of the negative log-probability of the correct class
  const Tensor log_probabilities = log_softmax(logits, -1);  // (B, V)
  return mean(-gather(log_probabilities, -1, labels.reshape({labels.numel(), 1})));
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. The loss needs the log of a softmax. How many times is a softmax applied between a logit and
//    the loss?
// 2. log_softmax over the last axis, (B, V); the value at each row’s label, (B, 1); the negative
//    sign; the mean over the batch, a scalar (rank 0).
// 3. `gather(log_softmax(logits, -1), -1, labels.reshape({labels.numel(), 1}))` selects the value
//    at each label.
