// 07_accuracy — The accuracy of a model over several batches.
// Exercise 4 · 15 minutes · ●●○ · after 07_classify
//
//   model, batches of ids (B, T) and labels (B) -> correct predictions / sequences, over all batches
//
// The batches may have different sizes; together they contain at least one sequence. Measure in
// evaluation mode, so that dropout is off, and record no graph. Afterwards, restore the mode that
// the model had before the call. (Which symptom would show that it was not restored?)
//
// You may use:  NoGrad, model.eval(), model.train(on), model.training(),
//               model.forward(ids) -> logits (B, V), argmax(x, axis),
//               and ids[i] and ids.numel() of integer tensors.
#include "lessons/07_transformer_encoder_and_classifier/exercises.h"

namespace heed::exercise {

double accuracy(nn::TransformerClassifier& model, const std::vector<Batch>& batches) {
  // solution: count the correct predictions, without dropout and without a graph
  const NoGrad no_grad;
  const bool was_training = model.training();
  model.eval();
  index_t correct = 0, total = 0;
  for (const Batch& batch : batches) {
    const IntTensor predicted = argmax(model.forward(batch.ids), -1);
    for (index_t i = 0; i < predicted.numel(); ++i) correct += predicted[i] == batch.labels[i];
    total += predicted.numel();
  }
  model.train(was_training);
  return static_cast<double>(correct) / static_cast<double>(total);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Which behaviour of a model in training mode would distort the measurement? What would autograd
//    record unnecessarily?
// 2. NoGrad for the scope; save the mode; eval; for every batch: logits (B, V), argmax over V,
//    compare with the labels; restore the mode; correct / total.
// 3. `const NoGrad no_grad;`, `const bool was_training = model.training();` and `model.eval();`
//    come first, `model.train(was_training);` before the return.
