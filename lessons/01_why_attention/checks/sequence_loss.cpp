#include <cmath>

#include "lessons/01_why_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

using Ids = IntTensor;

// -log p of each wanted word (B, T), padding as any other.
Tensor surprise(const Tensor& logits, const Ids& wanted) {
  return cross_entropy(logits, wanted, {.reduction = Reduction::none});
}
Mask words_of(const Ids& wanted, index_t pad) { return not_padding(wanted, pad).reshape(wanted.shape()); }
Tensor without_padding(const Tensor& x, const Ids& wanted, index_t pad) {
  return masked_fill(x, !words_of(wanted, pad), 0);
}
// The mean over words of numbers (B, T).
Tensor mean_of(const Tensor& x, const Ids& wanted, index_t pad) {
  const auto count = static_cast<double>(words_of(wanted, pad).count());
  return without_padding(x, wanted, pad).sum() / std::max(count, 1.0);
}
// Each sentence's mean, and the mean of those.
Tensor mean_of_means(const Tensor& logits, const Ids& wanted, index_t pad) {
  Tensor sum = scalar(0, logits.dtype());
  for (index_t b = 0; b < wanted.size(0); ++b)
    sum = sum + cross_entropy(logits[b], wanted.slice(0, b, b + 1).reshape({wanted.size(1)}),
                              {.ignore_index = pad});
  return sum / static_cast<double>(wanted.size(0));
}
Tensor wanted_of(const Tensor& p, const Ids& wanted) {
  return gather(p, 2, wanted.reshape({wanted.size(0), wanted.size(1), 1})).squeeze(-1);
}

const checks::Exercise<decltype(sequence_loss)> exercise{
    "01_sequence_loss",
    sequence_loss,
    [](const Tensor& logits, const Ids& wanted, index_t pad) {
      return cross_entropy(logits, wanted, {.ignore_index = pad});
    },
    {{"SQ-02", "padding is in the loss: count the words alone",
      [](const Tensor& logits, const Ids& wanted, index_t) { return surprise(logits, wanted).mean(); }},
     {"SQ-15", "padding is not in the sum, but still in the count: divide by the number of words",
      [](const Tensor& logits, const Ids& wanted, index_t pad) {
        return without_padding(surprise(logits, wanted), wanted, pad).mean();
      }},
     {"SQ-16", "a mean of each text's mean: here each word counts the same, whatever text it is of",
      mean_of_means},
     {"SQ-17", "a sum: divide by the number of words",
      [](const Tensor& logits, const Ids& wanted, index_t pad) {
        return without_padding(surprise(logits, wanted), wanted, pad).sum();
      }},
     {"SQ-18", "the sign: log p is negative, the surprise is -log p",
      [](const Tensor& logits, const Ids& wanted, index_t pad) {
        return -cross_entropy(logits, wanted, {.ignore_index = pad});
      }},
     {"SQ-19", "the softmax went over the places: it belongs to the words of the vocabulary (the last axis)",
      [](const Tensor& logits, const Ids& wanted, index_t pad) {
        return mean_of(-wanted_of(log_softmax(logits, 1), wanted), wanted, pad);
      }},
     {"SQ-20", "a mean of probabilities: the loss is of their logarithms",
      [](const Tensor& logits, const Ids& wanted, index_t pad) {
        return mean_of(-wanted_of(softmax(logits, -1), wanted), wanted, pad);
      }},
     {"AG-19", "the softmax came out as 0 and its logarithm as -∞: log_softmax does both at once, safely",
      [](const Tensor& logits, const Ids& wanted, index_t pad) {
        return mean_of(-wanted_of(log(softmax(logits, -1)), wanted), wanted, pad);
      }},
     {"AG-51", "the softmax came out as 0 and its logarithm as -∞: log_softmax does both at once, safely",
      [](const Tensor& logits, const Ids& wanted, index_t pad) {
        return mean_of(-log(wanted_of(softmax(logits, -1), wanted)), wanted, pad);
      },
      "AG-19"},
     {"SQ-21", "0 words were divided by 0 words: where all is padding the loss is 0",
      [](const Tensor& logits, const Ids& wanted, index_t pad) {
        const auto count = static_cast<double>(words_of(wanted, pad).count());
        return without_padding(surprise(logits, wanted), wanted, pad).sum() / count;
      }},
     {"SQ-60", "padding was multiplied by 0, and 0 · NaN is NaN: masked_fill leaves nothing of it",
      [](const Tensor& logits, const Ids& wanted, index_t pad) {
        const Mask words = words_of(wanted, pad);
        const Tensor one = ones({}, logits.dtype()), weight = where(words, one, one * 0.0);
        const auto count = static_cast<double>(std::max<index_t>(words.count(), 1));
        return (surprise(logits, wanted) * weight).sum() / count;
      }},
     {"SQ-61", "padding was taken to be id 0: it is the id that is given as pad",
      [](const Tensor& logits, const Ids& wanted, index_t) {
        return cross_entropy(logits, wanted, {.ignore_index = 0});
      }},
     {"SQ-22", "no gradient reaches the logits: a loss that leaves the graph teaches nothing",
      [](const Tensor& logits, const Ids& wanted, index_t pad) {
        return cross_entropy(logits.detach(), wanted, {.ignore_index = pad});
      }}}};

// Two texts, four places, five words: the second text ends early where 0 is the padding, the first where it is 3.
Tensor some_logits() {
  return tensor({{{0.5, -1, 2, 0.25, 1}, {1, 0, -0.5, 3, -2}, {-2, 1.5, 0, 1, 0.75}, {0, 2, -1, 0.5, 1}},
                 {{1, 1.5, -1, 0, 2}, {2, 0, 0.5, -1, -3}, {3, -1, 0, 1, 0}, {-0.5, 0, 4, 1, 2}}});
}
Ids some_wanted() { return {{4, 1, 3, 3}, {1, 2, 0, 0}}; }
void ask(const std::string& text, const Tensor& logits, const Ids& wanted, index_t pad,
         const checks::Forms& forms = {}) {
  exercise.call(
      text, [=] { return std::tuple(logits.clone(), wanted, pad); }, forms);
}

TEST(SequenceLoss, OfTwoWordsAndTwoPerfectPads) {
  ask("sequence_loss(logits, {{1, 3, 0, 0}}, 0), all words as likely, the padding certain",
      tensor({{{0, 0, 0, 0}, {0, 0, 0, 0}, {50, 0, 0, 0}, {50, 0, 0, 0}}}), {{1, 3, 0, 0}}, 0);
}

TEST(SequenceLoss, IsTheMeanOverAllWordsOfABatch) {
  ask("sequence_loss(logits (2, 4, 5), {{4, 1, 3, 3}, {1, 2, 0, 0}}, 0)", some_logits(), some_wanted(), 0);
}

TEST(SequenceLoss, KnowsPaddingByTheNumberItIsGiven) {
  ask("sequence_loss(logits (2, 4, 5), {{4, 1, 3, 3}, {1, 2, 0, 0}}, 3)", some_logits(), some_wanted(), 3);
}

TEST(SequenceLoss, OfOneText) {
  ask("sequence_loss(the first text's logits (1, 4, 5), {{4, 1, 3, 3}}, 3)", some_logits().slice(0, 0, 1),
      {{4, 1, 3, 3}}, 3);
  ask("sequence_loss(the second text's logits (1, 4, 5), {{1, 2, 4, 3}}, 0)", some_logits().slice(0, 1, 2),
      {{1, 2, 4, 3}}, 0);
}

TEST(SequenceLoss, OfOnePlacePerText) {
  ask("sequence_loss(logits (3, 1, 4), {{2}, {0}, {3}}, 0)",
      tensor({{{1, -1, 0.5, 2}}, {{-3, 1, 2, 0}}, {{0, 1.5, 1, -1}}}), {{2}, {0}, {3}}, 0);
  ask("sequence_loss(logits (1, 1, 3), {{1}}, 0)", tensor({{{2, 1, 0}}}), {{1}}, 0);
}

TEST(SequenceLoss, OfAsManyPlacesAsWords) {
  ask("sequence_loss(logits (2, 3, 3), {{0, 2, 1}, {2, 1, 1}}, 1)",
      tensor({{{1, 2, -1}, {0, 0.5, 2}, {1, 1, 0}}, {{-1, 0, 3}, {2, 1, -2}, {0.5, 0, 1}}}),
      {{0, 2, 1}, {2, 1, 1}}, 1);
}

TEST(SequenceLoss, StaysFiniteWhereLogitsAreLarge) {
  ask("sequence_loss({{{1000, 0, -500}, {0, 900, 0}}}, {{1, 1}}, 2)",
      tensor({{{1000, 0, -500}, {0, 900, 0}}}), {{1, 1}}, 2);
  ask("sequence_loss({{{0, 1000, 2}, {1, 2, 4}}}, {{2, 0}}, 0)", tensor({{{0, 1000, 2}, {1, 2, 4}}}),
      {{2, 0}}, 0);
}

TEST(SequenceLoss, OfPaddingAloneIsZero) {
  ask("sequence_loss(logits (1, 2, 3), {{2, 2}}, 2)", tensor({{{1, 2, 3}, {-1, 0, 1}}}), {{2, 2}}, 2);
}

TEST(SequenceLoss, OfATextWithoutWords) {
  ask("sequence_loss(logits (2, 2, 3), {{2, 2}, {0, 2}}, 2)",
      tensor({{{1, 2, 3}, {-1, 0, 1}}, {{1, 0, 4}, {2, 2, 1}}}), {{2, 2}, {0, 2}}, 2);
}

TEST(SequenceLoss, DoesNotMoveWithTheLogitsOfPadding) {
  Tensor moved = some_logits();
  moved.set({1, 2, 0}, -5).set({1, 3, 1}, 7).set({1, 3, 3}, -2);
  ask("sequence_loss(other logits (2, 4, 5) at padding, {{4, 1, 3, 3}, {1, 2, 0, 0}}, 0)", moved,
      some_wanted(), 0);
  moved.set({1, 2, 0}, NAN).set({1, 3, 1}, INFINITY).set({1, 3, 3}, -INFINITY);
  ask("sequence_loss(logits (2, 4, 5), NaN and infinite at padding, {{4, 1, 3, 3}, {1, 2, 0, 0}}, 0)", moved,
      some_wanted(), 0, {.gradients = false});
}

}  // namespace
}  // namespace heed::exercise
