#include "lessons/07_transformer_encoder_and_classifier/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// x[b][labels[b]] for every b, (B, 1).
Tensor of_labels(const Tensor& x, const IntTensor& labels) {
  return gather(x, -1, labels.reshape({labels.numel(), 1}));
}

const checks::Exercise<decltype(classification_loss)> exercise{
    "07_classification_loss",
    classification_loss,
    [](auto& logits, auto& labels) { return cross_entropy(logits, labels); },
    {{"CL-04", "softmax was applied twice: apply log_softmax to the logits themselves",
      [](auto& logits, auto& labels) { return cross_entropy(softmax(logits, -1), labels); }},
     {"AG-19", "a probability that underflows to 0 has the log -∞: use log_softmax",
      [](auto& logits, auto& labels) { return -mean(of_labels(log(softmax(logits, -1)), labels)); }},
     {"CL-16", "the softmax was taken over the batch: the classes are the last axis",
      [](auto& logits, auto& labels) { return -mean(of_labels(log_softmax(logits, 0), labels)); }},
     {"CL-17", "this is the sum over the batch, not the mean: the step would grow with the batch size",
      [](auto& logits, auto& labels) { return -sum(of_labels(log_softmax(logits, -1), labels)); }},
     {"CL-18", "the negative sign is missing: a log-probability is negative, a loss is not",
      [](auto& logits, auto& labels) { return mean(of_labels(log_softmax(logits, -1), labels)); }},
     {"CL-19", "the log is missing: this is -p instead of -log p",
      [](auto& logits, auto& labels) { return -mean(of_labels(softmax(logits, -1), labels)); }},
     {"CL-20", "the softmax is missing: these are the logits themselves",
      [](auto& logits, auto& labels) { return -mean(of_labels(logits, labels)); }},
     {"CL-21", "every label was selected from every row: select one value per row with gather",
      [](auto& logits, auto& labels) { return -mean(index_select(log_softmax(logits, -1), 1, labels)); }},
     {"CL-22", "divided by the number of values, B · V: divide by the number of sequences, B",
      [](auto& logits, auto& labels) {
        return cross_entropy(logits, labels) / static_cast<double>(logits.size(-1));
      }},
     {"CL-23", "the labels were not used: the most probable class is not always the correct one",
      [](auto& logits, auto&) { return -mean(max(log_softmax(logits, -1), -1).values); }},
     {"CL-69", "divided by the number of classes, V: divide by the number of sequences, B",
      [](auto& logits, auto& labels) {
        return cross_entropy(logits, labels, {.reduction = Reduction::sum}) /
               static_cast<double>(logits.size(-1));
      }},
     {"CL-64", "only the first sequence was used: the loss is the mean over the batch",
      [](auto& logits, auto& labels) { return cross_entropy(logits.slice(0, 0, 1), labels.slice(0, 0, 1)); }},
     {"AG-45", "no gradient reaches the logits: their values were used without the graph",
      [](auto& logits, auto& labels) { return cross_entropy(logits.detach(), labels); }}}};

TEST(ClassificationLoss, OfOneSequenceByHand) {
  exercise.call("classification_loss({{2, 0, 0}}, {0})", [] {
    return std::tuple(tensor({{2, 0, 0}}), IntTensor({0}));
  });
  exercise.call("classification_loss({{1, -2, 0.5, 3}}, {2})", [] {
    return std::tuple(tensor({{1, -2, 0.5, 3}}), IntTensor({2}));
  });
}

TEST(ClassificationLoss, IsTheMeanOverTheBatch) {
  exercise.call(
      "classification_loss({{1, -2, 0.5, 0}, {0, 3, 1, -1}, {-1, 0.5, 2, 4}, {2, 2, 0, 1}, {0, 1, -3, 1}}, "
      "{3, 1, 0, 1, 2})",
      [] {
        return std::tuple(
            tensor({{1, -2, 0.5, 0}, {0, 3, 1, -1}, {-1, 0.5, 2, 4}, {2, 2, 0, 1}, {0, 1, -3, 1}}),
            IntTensor({3, 1, 0, 1, 2}));
      });
}

TEST(ClassificationLoss, OfAsManySequencesAsClasses) {
  exercise.call("classification_loss({{1, -2, 0.5}, {0, 3, 1}, {2, 0.5, -1}}, {2, 0, 1})", [] {
    return std::tuple(tensor({{1, -2, 0.5}, {0, 3, 1}, {2, 0.5, -1}}), IntTensor({2, 0, 1}));
  });
}

TEST(ClassificationLoss, OfOneClassIsZero) {
  exercise.call("classification_loss({{3}, {-2}}, {0, 0})", [] {
    return std::tuple(tensor({{3}, {-2}}), IntTensor({0, 0}));
  });
}

TEST(ClassificationLoss, StaysFiniteIfTheModelIsConfidentAndWrong) {
  exercise.call("classification_loss({{1000, 0}}, {1})", [] {
    return std::tuple(tensor({{1000, 0}}), IntTensor({1}));
  });
  exercise.call("classification_loss({{0, 1000, 3}, {-1000, 0.5, 0}}, {0, 2})", [] {
    return std::tuple(tensor({{0, 1000, 3}, {-1000, 0.5, 0}}), IntTensor({0, 2}));
  });
}

TEST(ClassificationLoss, IsNearZeroForConfidentCorrectPredictions) {
  exercise.invariant("", "a model that is confident and correct must have a loss near 0", [](auto f) {
    const double loss = f(tensor({{50, 0, 0}, {0, 0, 50}}), IntTensor({0, 2})).item();
    return loss >= 0 && loss < 1e-3;
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit CL-04: `log_softmax(logits, -1)` => `log_softmax(softmax(logits, -1), -1)`
