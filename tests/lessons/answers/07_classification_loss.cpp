#include <cmath>

#include "lessons/07_transformer_encoder_and_classifier/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor of_labels(const Tensor& x, const IntTensor& labels) {
  return gather(x, -1, labels.reshape({labels.numel(), 1}));
}

const Answers<decltype(classification_loss)> answers{
    {"the op of the library", "pass",
     [](const Tensor& logits, const IntTensor& labels) { return cross_entropy(logits, labels); }},
    {"logsumexp minus the logit", "pass",
     [](const Tensor& logits, const IntTensor& labels) {
       return mean(logsumexp(logits, -1, true) - of_labels(logits, labels));
     }},
    {"sequence by sequence", "pass",
     [](const Tensor& logits, const IntTensor& labels) {
       Tensor total = zeros({}, logits.dtype());
       for (index_t b = 0; b < labels.numel(); ++b)
         total = total - log_softmax(logits[b], -1).select(0, labels[b]);
       return total / static_cast<double>(labels.numel());
     }},
    {"one-hot", "pass",
     [](const Tensor& logits, const IntTensor& labels) {
       Tensor hot = zeros(logits.shape(), logits.dtype());
       for (index_t b = 0; b < labels.numel(); ++b) hot.set({b, labels[b]}, 1);
       return -sum(hot * log_softmax(logits, -1)) / static_cast<double>(labels.numel());
     }},
    {"a vector of one number", "wrong",
     [](const Tensor& logits, const IntTensor& labels) {
       return cross_entropy(logits, labels).reshape({1});
     }},
    {"a loss per sequence", "wrong",
     [](const Tensor& logits, const IntTensor& labels) {
       return cross_entropy(logits, labels, {.reduction = Reduction::none});
     }},
    {"log(softmax + 1e-9)", "wrong",
     [](const Tensor& logits, const IntTensor& labels) {
       return -mean(of_labels(log(softmax(logits, -1) + 1e-9), labels));
     }},
    {"softmax twice, and the sum", "likely CL-04",
     [](const Tensor& logits, const IntTensor& labels) {
       return cross_entropy(softmax(logits, -1), labels, {.reduction = Reduction::sum});
     }},
    {"bits in place of nats", "wrong",
     [](const Tensor& logits, const IntTensor& labels) {
       return cross_entropy(logits, labels) / std::log(2.0);
     }},
    {"the softmax over the batch if it is square", "CL-16",
     [](const Tensor& logits, const IntTensor& labels) {
       const int axis = logits.size(0) == logits.size(1) ? 0 : 1;
       return -mean(of_labels(log_softmax(logits, axis), labels));
     }},
    {"only the first sequence", "CL-64",
     [](const Tensor& logits, const IntTensor& labels) {
       return -log_softmax(logits[0], -1).select(0, labels[0]);
     }},
    {"only the last sequence", "wrong",
     [](const Tensor& logits, const IntTensor& labels) {
       return -log_softmax(logits[-1], -1).select(0, labels[labels.numel() - 1]);
     }},
    {"divided by the number of classes", "CL-69",
     [](const Tensor& logits, const IntTensor& labels) {
       return cross_entropy(logits, labels, {.reduction = Reduction::sum}) /
              static_cast<double>(logits.size(1));
     }},
    {"label smoothing", "wrong",
     [](const Tensor& logits, const IntTensor& labels) {
       return cross_entropy(logits, labels, {.label_smoothing = 0.1});
     }},
    {"a value without a graph", "AG-45",
     [](const Tensor& logits, const IntTensor& labels) {
       return scalar(cross_entropy(logits, labels).item(), logits.dtype());
     }},
    {"the gradient of the first sequence only", "wrong",
     [](const Tensor& logits, const IntTensor& labels) {
       return cross_entropy(cat({logits.slice(0, 0, 1), logits.slice(0, 1).detach()}), labels);
     }},
    {"f32 result", "wrong",
     [](const Tensor& logits, const IntTensor& labels) { return cross_entropy(logits, labels).to(f32); }},
    {"the argument becomes its softmax", "likely SD-34", [](const Tensor& logits, const IntTensor& labels) {
       const Tensor loss = cross_entropy(logits, labels);
       Tensor same = logits.detach();
       same.copy_(softmax(same, -1));
       return loss;
     }}};

}  // namespace

Tensor classification_loss(const Tensor& logits, const IntTensor& labels) {
  return answers.chosen(logits, labels);
}

}  // namespace heed::exercise
