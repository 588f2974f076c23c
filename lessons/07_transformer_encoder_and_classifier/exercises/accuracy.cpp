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
  todo("count the correct predictions, without dropout and without a graph");
}

}  // namespace heed::exercise
