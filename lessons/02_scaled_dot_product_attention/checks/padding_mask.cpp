#include <algorithm>
#include <cstdint>
#include <vector>

#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Allows the first length(begin, end) keys of each sequence; the function computes the length from the ids.
template <class Length>
Mask by_length(const IntTensor& ids, Length&& length) {
  std::vector<index_t> lengths;
  const index_t s = ids.size(1);
  for (auto row = ids.values().begin(); row != ids.values().end(); row += s)
    lengths.push_back(length(row, row + s));
  return padding(lengths, s);
}

// The wrong twins.
Mask inverted(const IntTensor& ids, index_t pad) { return !not_padding(ids, pad); }
Mask all_allowed(const IntTensor& ids, index_t) { return Mask::full({ids.size(0), 1, ids.size(1)}, true); }
Mask rows_masked(const IntTensor& ids, index_t pad) {
  return not_padding(ids, pad).reshape({ids.size(0), ids.size(1), 1});
}
Mask padding_attends_to_padding(const IntTensor& ids, index_t pad) {
  const Mask keys = not_padding(ids, pad), queries = rows_masked(ids, pad);
  return (keys & queries) | !(keys | queries);
}
Mask without_query_axis(const IntTensor& ids, index_t pad) {
  return not_padding(ids, pad).reshape(ids.shape());
}
Mask padding_id_0(const IntTensor& ids, index_t) { return not_padding(ids, 0); }
Mask token_count(const IntTensor& ids, index_t pad) {
  return by_length(ids, [&](auto begin, auto end) { return (end - begin) - std::count(begin, end, pad); });
}
Mask up_to_first_padding(const IntTensor& ids, index_t pad) {
  return by_length(ids, [&](auto begin, auto end) { return std::find(begin, end, pad) - begin; });
}
Mask first_sequence_for_all(const IntTensor& ids, index_t pad) {
  return not_padding(ids.slice(0, 0, 1), pad).expand({ids.size(0), 1, ids.size(1)});
}

const checks::Exercise<decltype(padding_mask)> exercise{
    "02_padding_mask",
    padding_mask,
    [](const IntTensor& ids, index_t pad) { return not_padding(ids, pad); },
    {{"MK-02", "the mask is inverted: TRUE = MAY ATTEND, and padding may not be attended to", inverted},
     {"MK-01", "nothing is masked: padding still gets weight", all_allowed},
     {"MK-12", "(B, S, 1) masks rows, the queries; mask the columns, the keys: (B, 1, S)", rows_masked},
     {"MK-14", "padding attends to padding: only the key decides whether it is masked",
      padding_attends_to_padding},
     {"MK-21", "the axis of the queries is missing: (B, S) broadcasts like (T, S). Return (B, 1, S)",
      without_query_axis},
     {"MK-22", "0 was used as the padding id; use the argument `pad`", padding_id_0},
     {"MK-23", "the tokens were counted and that many keys allowed from the front: padding may come first",
      token_count},
     {"MK-24", "everything after the first padding is masked: padding may come before the tokens",
      up_to_first_padding},
     {"MK-25", "every sequence got the mask of the first", first_sequence_for_all}}};

void compare(const std::string& text, const IntTensor& ids, index_t pad) {
  exercise.compare(concat("padding_mask(", text, ", ", pad, ")"), [=](auto f) { return f(ids, pad); });
}

TEST(PaddingMask, AllowsTheTokensOfEachSequence) {
  compare("{{5, 7, 2, 0}, {3, 0, 0, 0}}", IntTensor({{5, 7, 2, 0}, {3, 0, 0, 0}}), 0);
  compare("{{5, 7, 0}}", IntTensor({{5, 7, 0}}), 0);
  compare("{{4}, {0}, {6}}", IntTensor({{4}, {0}, {6}}), 0);
}

TEST(PaddingMask, MasksTheIdOfTheArgument) {
  compare("{{4, 0, 6}, {0, 1, 1}}", IntTensor({{4, 0, 6}, {0, 1, 1}}), 1);
  compare("{{0, 3, -1}, {2, -1, -1}}", IntTensor({{0, 3, -1}, {2, -1, -1}}), -1);
}

TEST(PaddingMask, FindsPaddingBeforeTheTokens) {
  compare("{{9, 9, 4, 5, 3}, {9, 2, 8, 7, 3}, {6, 2, 8, 7, 3}}",
          IntTensor({{9, 9, 4, 5, 3}, {9, 2, 8, 7, 3}, {6, 2, 8, 7, 3}}), 9);
  compare("{{7, 4, 5, 7}}", IntTensor({{7, 4, 5, 7}}), 7);
}

TEST(PaddingMask, OfASequenceWithoutTokensAllowsNothing) {
  compare("{{1, 1}, {1, 5}, {3, 1}}", IntTensor({{1, 1}, {1, 5}, {3, 1}}), 1);
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

// wrong edit MK-12: `{ids.size(0), 1, ids.size(1)}` => `{ids.size(0), ids.size(1), 1}`
