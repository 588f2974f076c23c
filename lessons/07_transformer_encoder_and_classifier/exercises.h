// exercises.h — the functions to be written in lesson 07. Letters: B batch, T words, C channels, V classes.
#pragma once

#include <vector>

#include "autograd/autograd.h"
#include "lessons/check/todo.h"
#include "nn/models/transformer_classifier.h"

namespace heed::exercise {

// Texts of one length (filled up with padding), and the class of each.
struct Batch {
  IntTensor ids;     // (B, T)
  IntTensor labels;  // (B)
};

Tensor masked_mean(const Tensor& x, const Mask& real);
Tensor classify(const IntTensor& ids, nn::TransformerClassifier& parts);
Tensor classification_loss(const Tensor& logits, const IntTensor& labels);
double accuracy(nn::TransformerClassifier& model, const std::vector<Batch>& batches);

}  // namespace heed::exercise
