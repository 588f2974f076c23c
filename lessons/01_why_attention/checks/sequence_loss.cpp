#include <cmath>

#include "lessons/01_why_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

using Ids = IntTensor;

// Returns -log p of each target word, (B, T), including padding.
Tensor negative_log_p(const Tensor& logits, const Ids& target) {
  return cross_entropy(logits, target, {.reduction = Reduction::none});
}
Mask words_of(const Ids& target, index_t pad) { return not_padding(target, pad).reshape(target.shape()); }
Tensor without_padding(const Tensor& x, const Ids& target, index_t pad) {
  return masked_fill(x, !words_of(target, pad), 0);
}
// Returns the mean of x (B, T) over the words.
Tensor mean_of(const Tensor& x, const Ids& target, index_t pad) {
  const auto count = static_cast<double>(words_of(target, pad).count());
  return without_padding(x, target, pad).sum() / std::max(count, 1.0);
}
// Returns the mean of the means of all sequences.
Tensor mean_of_means(const Tensor& logits, const Ids& target, index_t pad) {
  Tensor sum = scalar(0, logits.dtype());
  for (index_t b = 0; b < target.size(0); ++b)
    sum = sum + cross_entropy(logits[b], target.slice(0, b, b + 1).reshape({target.size(1)}),
                              {.ignore_index = pad});
  return sum / static_cast<double>(target.size(0));
}
Tensor at_target(const Tensor& p, const Ids& target) {
  return gather(p, 2, target.reshape({target.size(0), target.size(1), 1})).squeeze(-1);
}

const checks::Exercise<decltype(sequence_loss)> exercise{
    "01_sequence_loss",
    sequence_loss,
    [](const Tensor& logits, const Ids& target, index_t pad) {
      return cross_entropy(logits, target, {.ignore_index = pad});
    },
    {{"SQ-02", "padding is in the loss: average over the words only",
      [](const Tensor& logits, const Ids& target, index_t) { return negative_log_p(logits, target).mean(); }},
     {"SQ-15", "padding is not in the sum but still in the count: divide by the number of words",
      [](const Tensor& logits, const Ids& target, index_t pad) {
        return without_padding(negative_log_p(logits, target), target, pad).mean();
      }},
     {"SQ-16", "the mean of the sequences' means was computed: every word must count equally", mean_of_means},
     {"SQ-17", "the sum was computed: divide by the number of words",
      [](const Tensor& logits, const Ids& target, index_t pad) {
        return without_padding(negative_log_p(logits, target), target, pad).sum();
      }},
     {"SQ-18", "the sign is wrong: log p is negative, the loss is -log p",
      [](const Tensor& logits, const Ids& target, index_t pad) {
        return -cross_entropy(logits, target, {.ignore_index = pad});
      }},
     {"SQ-19", "the softmax was computed over the positions: use the vocabulary, the last axis",
      [](const Tensor& logits, const Ids& target, index_t pad) {
        return mean_of(-at_target(log_softmax(logits, 1), target), target, pad);
      }},
     {"SQ-20", "the mean of probabilities was computed: use their logarithms",
      [](const Tensor& logits, const Ids& target, index_t pad) {
        return mean_of(-at_target(softmax(logits, -1), target), target, pad);
      }},
     {"AG-19", "the softmax underflowed to 0, and its logarithm is -∞: use log_softmax",
      [](const Tensor& logits, const Ids& target, index_t pad) {
        return mean_of(-at_target(log(softmax(logits, -1)), target), target, pad);
      }},
     {"AG-51", "the softmax underflowed to 0, and its logarithm is -∞: use log_softmax",
      [](const Tensor& logits, const Ids& target, index_t pad) {
        return mean_of(-log(at_target(softmax(logits, -1), target)), target, pad);
      },
      "AG-19"},
     {"SQ-21", "0 was divided by 0: if all positions are padding, the loss is 0",
      [](const Tensor& logits, const Ids& target, index_t pad) {
        const auto count = static_cast<double>(words_of(target, pad).count());
        return without_padding(negative_log_p(logits, target), target, pad).sum() / count;
      }},
     {"SQ-60", "padding was multiplied by 0, and 0 · NaN is NaN: use masked_fill",
      [](const Tensor& logits, const Ids& target, index_t pad) {
        const Mask words = words_of(target, pad);
        const Tensor one = ones({}, logits.dtype()), weight = where(words, one, one * 0.0);
        const auto count = static_cast<double>(std::max<index_t>(words.count(), 1));
        return (negative_log_p(logits, target) * weight).sum() / count;
      }},
     {"SQ-61", "id 0 was treated as padding: use the argument `pad`",
      [](const Tensor& logits, const Ids& target, index_t) {
        return cross_entropy(logits, target, {.ignore_index = 0});
      }},
     {"SQ-22", "no gradient reaches the logits: the loss was detached from the graph",
      [](const Tensor& logits, const Ids& target, index_t pad) {
        return cross_entropy(logits.detach(), target, {.ignore_index = pad});
      }}}};

// Two sequences, four positions, five words. The second sequence ends early if pad is 0, the first if
// it is 3.
Tensor some_logits() {
  return tensor({{{0.5, -1, 2, 0.25, 1}, {1, 0, -0.5, 3, -2}, {-2, 1.5, 0, 1, 0.75}, {0, 2, -1, 0.5, 1}},
                 {{1, 1.5, -1, 0, 2}, {2, 0, 0.5, -1, -3}, {3, -1, 0, 1, 0}, {-0.5, 0, 4, 1, 2}}});
}
Ids some_targets() { return {{4, 1, 3, 3}, {1, 2, 0, 0}}; }
void compare(const std::string& text, const Tensor& logits, const Ids& target, index_t pad,
             const checks::Forms& forms = {}) {
  exercise.call(
      text, [=] { return std::tuple(logits.clone(), target, pad); }, forms);
}

TEST(SequenceLoss, OfTwoWordsAndTwoPerfectlyPredictedPads) {
  compare("sequence_loss(logits, {{1, 3, 0, 0}}, 0), all words equally likely, the padding certain",
          tensor({{{0, 0, 0, 0}, {0, 0, 0, 0}, {50, 0, 0, 0}, {50, 0, 0, 0}}}), {{1, 3, 0, 0}}, 0);
}

TEST(SequenceLoss, IsTheMeanOverAllWordsOfABatch) {
  compare("sequence_loss(logits (2, 4, 5), {{4, 1, 3, 3}, {1, 2, 0, 0}}, 0)", some_logits(), some_targets(),
          0);
}

TEST(SequenceLoss, UsesTheGivenPadId) {
  compare("sequence_loss(logits (2, 4, 5), {{4, 1, 3, 3}, {1, 2, 0, 0}}, 3)", some_logits(), some_targets(),
          3);
}

TEST(SequenceLoss, OfASingleSequence) {
  compare("sequence_loss(the first sequence's logits (1, 4, 5), {{4, 1, 3, 3}}, 3)",
          some_logits().slice(0, 0, 1), {{4, 1, 3, 3}}, 3);
  compare("sequence_loss(the second sequence's logits (1, 4, 5), {{1, 2, 4, 3}}, 0)",
          some_logits().slice(0, 1, 2), {{1, 2, 4, 3}}, 0);
}

TEST(SequenceLoss, OfOnePositionPerSequence) {
  compare("sequence_loss(logits (3, 1, 4), {{2}, {0}, {3}}, 0)",
          tensor({{{1, -1, 0.5, 2}}, {{-3, 1, 2, 0}}, {{0, 1.5, 1, -1}}}), {{2}, {0}, {3}}, 0);
  compare("sequence_loss(logits (1, 1, 3), {{1}}, 0)", tensor({{{2, 1, 0}}}), {{1}}, 0);
}

TEST(SequenceLoss, OfAsManyPositionsAsClasses) {
  compare("sequence_loss(logits (2, 3, 3), {{0, 2, 1}, {2, 1, 1}}, 1)",
          tensor({{{1, 2, -1}, {0, 0.5, 2}, {1, 1, 0}}, {{-1, 0, 3}, {2, 1, -2}, {0.5, 0, 1}}}),
          {{0, 2, 1}, {2, 1, 1}}, 1);
}

TEST(SequenceLoss, StaysFiniteForLargeLogits) {
  compare("sequence_loss({{{1000, 0, -500}, {0, 900, 0}}}, {{1, 1}}, 2)",
          tensor({{{1000, 0, -500}, {0, 900, 0}}}), {{1, 1}}, 2);
  compare("sequence_loss({{{0, 1000, 2}, {1, 2, 4}}}, {{2, 0}}, 0)", tensor({{{0, 1000, 2}, {1, 2, 4}}}),
          {{2, 0}}, 0);
}

TEST(SequenceLoss, OfOnlyPaddingIsZero) {
  compare("sequence_loss(logits (1, 2, 3), {{2, 2}}, 2)", tensor({{{1, 2, 3}, {-1, 0, 1}}}), {{2, 2}}, 2);
}

TEST(SequenceLoss, OfAnEmptySequence) {
  compare("sequence_loss(logits (2, 2, 3), {{2, 2}, {0, 2}}, 2)",
          tensor({{{1, 2, 3}, {-1, 0, 1}}, {{1, 0, 4}, {2, 2, 1}}}), {{2, 2}, {0, 2}}, 2);
}

TEST(SequenceLoss, IgnoresTheLogitsOfPadding) {
  Tensor moved = some_logits();
  moved.set({1, 2, 0}, -5).set({1, 3, 1}, 7).set({1, 3, 3}, -2);
  compare("sequence_loss(other logits (2, 4, 5) at padding, {{4, 1, 3, 3}, {1, 2, 0, 0}}, 0)", moved,
          some_targets(), 0);
  moved.set({1, 2, 0}, NAN).set({1, 3, 1}, INFINITY).set({1, 3, 3}, -INFINITY);
  compare("sequence_loss(logits (2, 4, 5), NaN and infinite at padding, {{4, 1, 3, 3}, {1, 2, 0, 0}}, 0)",
          moved, some_targets(), 0, {.gradients = false});
}

}  // namespace
}  // namespace heed::exercise

// wrong edit SQ-15: `static_cast<double>(std::max<index_t>(words.count(), 1))` => `static_cast<double>(batch * time)`
