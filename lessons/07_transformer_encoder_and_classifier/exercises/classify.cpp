// 07_classify — The classifier’s forward pass: from ids to logits, independent of padding.
// Exercise 2 · 20 minutes · ●●○ · after 07_masked_mean, 05_encoder_stack
//
//   ids (B, T) -> logits (B, V)
//   embedding · √C + positional encoding -> encoder -> mean over the real tokens -> fc
//
// An id equal to parts.options.padding_idx is padding; a padding_idx of -1 means that no id is.
// The amount of padding depends on the other sequences of the batch, and it must not change the
// logits: which steps could let padding influence them? Padding may occur at any position, and
// its embedding may contain NaN. `parts` is the library's classifier: use its modules instead of
// its forward function, and do not change its mode. Masks: TRUE = MAY ATTEND.
//
// You may use:  parts.options.padding_idx, parts.options.d_model, parts.embedding(ids),
//               parts.pos_encoder(x), parts.transformer.forward(x, {.mask = keys}), parts.fc(x),
//               nn::masked_mean(x, real) with real (B, T),
//               not_padding(ids, padding) -> keys (B, 1, T), mask.reshape(shape), std::sqrt.
#include <cmath>

#include "lessons/07_transformer_encoder_and_classifier/exercises.h"

namespace heed::exercise {

Tensor classify(const IntTensor& ids, nn::TransformerClassifier& parts) {
  todo("mask padding in the encoder and exclude it from the mean");
}

}  // namespace heed::exercise
