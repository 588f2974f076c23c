#include <algorithm>
#include <cstdint>
#include <vector>

#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// The mask that allows the first lengths[b] keys of text b, where length(begin, end) reads them off its ids.
template <class Length>
Mask by_length(const IntTensor& ids, Length&& length) {
  std::vector<index_t> lengths;
  const index_t s = ids.size(1);
  for (auto row = ids.values().begin(); row != ids.values().end(); row += s)
    lengths.push_back(length(row, row + s));
  return padding(lengths, s);
}

// The wrong twins.
Mask hidden_are_true(const IntTensor& ids, index_t pad) { return !not_padding(ids, pad); }
Mask everything(const IntTensor& ids, index_t) { return Mask::full({ids.size(0), 1, ids.size(1)}, true); }
Mask rows_hidden(const IntTensor& ids, index_t pad) {
  return not_padding(ids, pad).reshape({ids.size(0), ids.size(1), 1});
}
Mask like_with_like(const IntTensor& ids, index_t pad) {
  const Mask keys = not_padding(ids, pad), queries = rows_hidden(ids, pad);
  return (keys & queries) | !(keys | queries);
}
Mask no_axis_of_queries(const IntTensor& ids, index_t pad) {
  return not_padding(ids, pad).reshape(ids.shape());
}
Mask pad_is_0(const IntTensor& ids, index_t) { return not_padding(ids, 0); }
Mask as_many_as_words(const IntTensor& ids, index_t pad) {
  return by_length(ids, [&](auto begin, auto end) { return (end - begin) - std::count(begin, end, pad); });
}
Mask up_to_the_first_pad(const IntTensor& ids, index_t pad) {
  return by_length(ids, [&](auto begin, auto end) { return std::find(begin, end, pad) - begin; });
}
Mask first_text_for_all(const IntTensor& ids, index_t pad) {
  return not_padding(ids.slice(0, 0, 1), pad).expand({ids.size(0), 1, ids.size(1)});
}

const checks::Exercise<decltype(padding_mask)> exercise{
    "02_padding_mask",
    padding_mask,
    [](const IntTensor& ids, index_t pad) { return not_padding(ids, pad); },
    {{"MK-02", "the mask is upside down: TRUE = MAY ATTEND, and padding may not be looked at",
      hidden_are_true},
     {"MK-01", "nothing is hidden: padding still gets weight", everything},
     {"MK-12", "(B, S, 1) hides the rows of padding, what it asks; hide its columns, the keys", rows_hidden},
     {"MK-14", "padding may look at padding here: ask of each key whether it is a word", like_with_like},
     {"MK-21", "the axis of the queries is missing: (B, S) is taken for (T, S), the texts for queries",
      no_axis_of_queries},
     {"MK-22", "0 was taken for the padding; which id it is, the argument says", pad_is_0},
     {"MK-23",
      "the words were counted, and that many keys allowed from the front: padding may stand before them",
      as_many_as_words},
     {"MK-24", "all after the first padding is hidden: padding may stand before the words",
      up_to_the_first_pad},
     {"MK-25", "every text got the mask of the first", first_text_for_all}}};

void ask(const std::string& text, const IntTensor& ids, index_t pad) {
  exercise.compare(concat("padding_mask(", text, ", ", pad, ")"), [=](auto f) { return f(ids, pad); });
}

TEST(PaddingMask, AllowsTheTokensOfEachSequence) {
  ask("{{5, 7, 2, 0}, {3, 0, 0, 0}}", IntTensor({{5, 7, 2, 0}, {3, 0, 0, 0}}), 0);
  ask("{{5, 7, 0}}", IntTensor({{5, 7, 0}}), 0);
  ask("{{4}, {0}, {6}}", IntTensor({{4}, {0}, {6}}), 0);
}

TEST(PaddingMask, MasksTheIdOfTheArgument) {
  ask("{{4, 0, 6}, {0, 1, 1}}", IntTensor({{4, 0, 6}, {0, 1, 1}}), 1);
  ask("{{0, 3, -1}, {2, -1, -1}}", IntTensor({{0, 3, -1}, {2, -1, -1}}), -1);
}

TEST(PaddingMask, FindsPaddingBeforeTheTokens) {
  ask("{{9, 9, 4, 5, 3}, {9, 2, 8, 7, 3}, {6, 2, 8, 7, 3}}",
      IntTensor({{9, 9, 4, 5, 3}, {9, 2, 8, 7, 3}, {6, 2, 8, 7, 3}}), 9);
  ask("{{7, 4, 5, 7}}", IntTensor({{7, 4, 5, 7}}), 7);
}

TEST(PaddingMask, OfASequenceWithoutTokensAllowsNothing) {
  ask("{{1, 1}, {1, 5}, {3, 1}}", IntTensor({{1, 1}, {1, 5}, {3, 1}}), 1);
}

// If all scores are equal, each query gets the mean of the values that it may attend to.
TEST(PaddingMask, MakesMeansOfEqualScores) {
  const auto means = [](const IntTensor& ids, const Mask& mask) {
    const index_t s = ids.size(1);
    const Tensor values = tensor({1, 2, 4, 8.5, 17}).slice(0, 0, s).reshape({1, s, 1});
    return matmul(masked_softmax(zeros({ids.size(0), s, s}), mask), values.expand({ids.size(0), s, 1}));
  };
  for (const auto& [text, ids, pad] :
       {std::tuple{"{{5, 7, 2, 0}, {3, 0, 0, 0}}, 0", IntTensor({{5, 7, 2, 0}, {3, 0, 0, 0}}), 0},
        std::tuple{"{{5, 0, 7, 0, 6}}, 0", IntTensor({{5, 0, 7, 0, 6}}), 0},
        std::tuple{"{{4, 0, 6}, {1, 1, 0}, {0, 1, 1}}, 1", IntTensor({{4, 0, 6}, {1, 1, 0}, {0, 1, 1}}), 1}})
    exercise.compare(
        concat("the means of the first of {1, 2, 4, 8.5, 17} over what padding_mask(", text, ") allows"),
        [&, ids = ids, pad = pad](auto f) { return means(ids, f(ids, pad)); });
}

TEST(PaddingMask, OfNoSequencesOrOfLengthZeroIsEmpty) {
  exercise.compare(
      "padding_mask(ids (2, 0), 0) and padding_mask(ids (0, 3), 0): how many are true", [](auto f) {
        return std::vector<index_t>{f(IntTensor({}, {2, 0}), 0).count(), f(IntTensor({}, {0, 3}), 0).count()};
      });
}

}  // namespace
}  // namespace heed::exercise
