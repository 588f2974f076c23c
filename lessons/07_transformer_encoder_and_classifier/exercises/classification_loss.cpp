// 07 · classification_loss — how surprised the model is by the right answers: cross-entropy, by hand.
//
//   logits (B, V), labels (B) -> one number (rank 0)
//   mean over the texts of  -log p[b][labels[b]],  where p[b] is the softmax of logits[b]
//
// Logits are scores, not yet through a softmax. Take log_softmax rather than the log of a softmax: where a share is
// too small for a float, the log of it is -∞. Each text has one label, so one number of each row counts.
//
// You may use:  log_softmax(x, axis), gather(x, axis, indices) with indices (B, 1), labels.reshape(shape),
//               labels.numel(), mean(x), -x.
#include "lessons/07_transformer_encoder_and_classifier/exercises.h"

namespace heed::exercise {

Tensor classification_loss(const Tensor& logits, const IntTensor& labels) {
  todo("the mean of -log of the share that the right class gets");
}

}  // namespace heed::exercise
