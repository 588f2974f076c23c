// 07 · accuracy — the share of texts that a model gets right.
//
//   model, batches of ids (B, T) and labels (B) -> right / all, over the texts of all batches
//
// The batches need not be of one size. Measuring is no training: dropout must be silent, nothing is recorded for a
// backward, and afterwards the model is in the mode in which it was found. (Who would notice if it were not?) There is
// at least one text.
//
// You may use:  NoGrad, model.eval(), model.train(on), model.training(), model.forward(ids) -> logits (B, V),
//               argmax(x, axis), ids[i] and ids.numel() of whole numbers.
#include "lessons/07_transformer_encoder_and_classifier/exercises.h"

namespace heed::exercise {

double accuracy(nn::TransformerClassifier& model, const std::vector<Batch>& batches) {
  // solution: count the right answers, without dropout and without a graph
  const NoGrad no_grad;
  const bool was_training = model.training();
  model.eval();
  index_t right = 0, all = 0;
  for (const Batch& batch : batches) {
    const IntTensor guess = argmax(model.forward(batch.ids), -1);
    for (index_t i = 0; i < guess.numel(); ++i) right += guess[i] == batch.labels[i];
    all += guess.numel();
  }
  model.train(was_training);
  return static_cast<double>(right) / static_cast<double>(all);
  // end
}

}  // namespace heed::exercise
