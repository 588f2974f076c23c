// 07 · classify — from ids to one score a class, so that padding does not count.
//
//   ids (B, T) -> logits (B, V)
//   embedding · √C + positions -> encoder -> mean over the real words -> fc
//
// An id that is parts.options.padding_idx is padding. How much of it a text gets is decided by its neighbours in the
// batch, and they must not change its answer: where in this chain could padding be heard? `parts` is the library's
// classifier; use what it is made of, not its own forward, and leave its mode as it is. Padding may stand anywhere in
// a text, and its embedding may hold NaN; a padding_idx of -1 means that there is none. Masks: TRUE = MAY ATTEND.
//
// You may use:  parts.options.padding_idx, parts.options.d_model, parts.embedding(ids), parts.pos_encoder(x),
//               parts.transformer.forward(x, {.mask = keys}), parts.fc(x), nn::masked_mean(x, real) with real (B, T),
//               not_padding(ids, padding) -> keys (B, 1, T), mask.reshape(shape), std::sqrt.
#include <cmath>

#include "lessons/07_transformer_encoder_and_classifier/exercises.h"

namespace heed::exercise {

Tensor classify(const IntTensor& ids, nn::TransformerClassifier& parts) {
  // solution: hide padding from the encoder, leave it out of the mean
  const Mask keys = not_padding(ids, parts.options.padding_idx);  // (B, 1, T)
  const double root = std::sqrt(static_cast<double>(parts.options.d_model));
  const Tensor x = parts.pos_encoder(parts.embedding(ids) * root);
  const Tensor y = parts.transformer.forward(x, {.mask = keys});
  return parts.fc(nn::masked_mean(y, keys.reshape(ids.shape())));
  // end
}

}  // namespace heed::exercise
