// exercises.h — the functions of the exercises of lesson 07.
// Shapes: B sequences in a batch, T tokens, C channels, V classes.
#pragma once

#include <vector>

#include "autograd/autograd.h"
#include "lessons/check/todo.h"
#include "nn/models/transformer_classifier.h"

namespace heed::exercise {

// Sequences padded to the same length, with the class of each.
struct Batch {
  IntTensor ids;     // (B, T)
  IntTensor labels;  // (B)
};

// Generated from solutions/ by `./lessons/heed generate`: do not edit below.
Tensor masked_mean(const Tensor& x, const Mask& real);
Tensor classify(const IntTensor& ids, nn::TransformerClassifier& parts);
Tensor classification_loss(const Tensor& logits, const IntTensor& labels);
double accuracy(nn::TransformerClassifier& model, const std::vector<Batch>& batches);

}  // namespace heed::exercise
