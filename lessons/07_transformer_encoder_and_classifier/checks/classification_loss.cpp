#include "lessons/07_transformer_encoder_and_classifier/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

// x[b][labels[b]] for every b, (B, 1).
Tensor of_labels(const Tensor& x, const IntTensor& labels) {
  return gather(x, -1, labels.reshape({labels.numel(), 1}));
}

const tutor::Exercise<decltype(classification_loss)> exercise{
    "07_classification_loss",
    classification_loss,
    [](auto& logits, auto& labels) { return cross_entropy(logits, labels); },
    {{"CL-04", "softmax was applied twice: logits are scores, and log_softmax is all that they need",
      [](auto& logits, auto& labels) { return cross_entropy(softmax(logits, -1), labels); }},
     {"AG-19", "the log of a share that a float cannot hold is -∞: use log_softmax",
      [](auto& logits, auto& labels) { return -mean(of_labels(log(softmax(logits, -1)), labels)); }},
     {"CL-16", "the softmax ran over the texts: each row is a whole of its own (the last axis)",
      [](auto& logits, auto& labels) { return -mean(of_labels(log_softmax(logits, 0), labels)); }},
     {"CL-17", "the sum over the texts, not the mean: the step would grow with the batch",
      [](auto& logits, auto& labels) { return -sum(of_labels(log_softmax(logits, -1), labels)); }},
     {"CL-18", "the sign is missing: the log of a share is negative, a loss is not",
      [](auto& logits, auto& labels) { return mean(of_labels(log_softmax(logits, -1), labels)); }},
     {"CL-19", "the log is missing: -p, not -log p",
      [](auto& logits, auto& labels) { return -mean(of_labels(softmax(logits, -1), labels)); }},
     {"CL-20", "the softmax is missing: these are the scores themselves",
      [](auto& logits, auto& labels) { return -mean(of_labels(logits, labels)); }},
     {"CL-21", "every text was asked for every label: take one number of each row (gather)",
      [](auto& logits, auto& labels) { return -mean(index_select(log_softmax(logits, -1), 1, labels)); }},
     {"CL-22", "divided by all numbers, B · V: the mean is over the texts",
      [](auto& logits, auto& labels) {
        return cross_entropy(logits, labels) / static_cast<double>(logits.size(-1));
      }},
     {"CL-23", "the labels were not used: the largest share is not always the right one",
      [](auto& logits, auto&) { return -mean(max(log_softmax(logits, -1), -1).values); }}}};

TEST(ClassificationLoss, OfOneTextByHand) {
  exercise.compare("classification_loss({{2, 0, 0}}, {0})", [](auto f) {
    return f(tensor({{2, 0, 0}}), IntTensor({0})).item();
  });
}

TEST(ClassificationLoss, IsTheMeanOverTexts) {
  exercise.compare(
      "classification_loss({{1, -2, 0.5, 0}, {0, 3, 1, -1}, {-1, 0.5, 2, 4}, {2, 2, 0, 1}, {0, 1, -3, 1}}, "
      "{3, 1, 0, 1, 2})",
      [](auto f) {
        return f(tensor({{1, -2, 0.5, 0}, {0, 3, 1, -1}, {-1, 0.5, 2, 4}, {2, 2, 0, 1}, {0, 1, -3, 1}}),
                 IntTensor({3, 1, 0, 1, 2}))
            .item();
      });
}

TEST(ClassificationLoss, StaysFiniteWhereTheModelIsSureAndWrong) {
  exercise.compare("classification_loss({{1000, 0}}, {1})", [](auto f) {
    return f(tensor({{1000, 0}}), IntTensor({1})).item();
  });
}

TEST(ClassificationLoss, PassesGradientsOn) {
  exercise.compare("the gradient of logits from classification_loss({{1, -2, 0.5}, {0, 3, 1}}, {2, 0})",
                   [](auto f) {
                     Tensor logits = tensor({{1, -2, 0.5}, {0, 3, 1}}).set_requires_grad();
                     f(logits, IntTensor({2, 0})).backward();
                     return logits.grad();
                   });
}

TEST(ClassificationLoss, IsNearZeroWhereAllIsRight) {
  exercise.invariant("CL-04",
                     "a model that is sure and right must have a loss of 0: is there a softmax too many?",
                     [](auto f) {
                       const double loss = f(tensor({{50, 0, 0}, {0, 0, 50}}), IntTensor({0, 2})).item();
                       return loss >= 0 && loss < 1e-3;
                     });
}

TEST(ClassificationLoss, LeavesLogitsAlone) {
  exercise.compare("logits after classification_loss(logits (2, 3), {2, 0})", [](auto f) {
    Tensor logits = tensor({{1, -2, 0.5}, {0, 3, 1}});
    f(logits, IntTensor({2, 0}));
    return logits;
  });
}

}  // namespace
}  // namespace heed::exercise
