#include <cstdint>
#include <vector>

#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Returns the mask (T, S) of a rule for each pair; `position` is the position of the query among the keys.
template <class Rule>
Mask mask_of(index_t t, index_t s, Rule&& rule) {
  std::vector<std::uint8_t> values;
  for (index_t query = 0; query < t; ++query)
    for (index_t key = 0, position = query + s - t; key < s; ++key) values.push_back(rule(key, position));
  return Mask(values, {t, s});
}

// The wrong twins.
Mask inverted(index_t t, index_t s) { return !causal(t, s); }
Mask without_itself(index_t t, index_t s) {
  return mask_of(t, s, [](index_t key, index_t position) { return key < position; });
}
Mask future_only(index_t t, index_t s) {
  return mask_of(t, s, [](index_t key, index_t position) { return key >= position; });
}
Mask all_allowed(index_t t, index_t s) { return Mask::full({t, s}, true); }
Mask aligned_at_first_query(index_t t, index_t s) {
  return mask_of(t, s, [&](index_t key, index_t position) { return key <= position - (s - t); });
}
Mask one_key_too_many(index_t t, index_t s) {
  return mask_of(t, s, [](index_t key, index_t position) { return key <= position + 1; });
}
Mask only_itself(index_t t, index_t s) {
  return mask_of(t, s, [](index_t key, index_t position) { return key == position; });
}
Mask unsigned_positions(index_t t, index_t s) {
  return mask_of(t, s, [](std::size_t key, std::size_t position) { return key <= position; });
}
Mask row_length_t(index_t t, index_t s) {
  std::vector<std::uint8_t> values(static_cast<std::size_t>(t * s));
  for (index_t query = 0; query < t; ++query)
    for (index_t key = 0; key <= query + s - t; ++key)
      values.at(static_cast<std::size_t>(query * t + key)) = 1;
  return Mask(values, {t, s});
}

const checks::Exercise<decltype(causal_mask)> exercise{
    "02_causal_mask",
    causal_mask,
    [](index_t t, index_t s) { return causal(t, s); },
    {{"MK-02", "the mask is inverted: TRUE = MAY ATTEND", inverted},
     {"MK-07", "a position may attend to itself: key <= position, not key < position", without_itself},
     {"MK-09", "the past was masked instead of the future", future_only},
     {"MK-10", "nothing is masked: every query attends to the future", all_allowed},
     {"MK-16", "aligned at the first query: the last query must attend to all keys, for any t and s",
      aligned_at_first_query},
     {"MK-17", "a position attends to the one after it: one key too many", one_key_too_many},
     {"MK-18", "a position attends to itself, but not to the past", only_itself},
     {"MK-19", "unsigned integers are never negative: the position wrapped around to a very large one",
      unsigned_positions},
     {"MK-20", "a row of the mask has s values, not t", row_length_t}}};

void compare(index_t t, index_t s) {
  exercise.compare(concat("causal_mask(", t, ", ", s, ")"), [=](auto f) { return f(t, s); });
}

TEST(CausalMask, IsATriangleIfThereAreAsManyQueriesAsKeys) {
  compare(3, 3);
  compare(1, 1);
  compare(6, 6);
}

TEST(CausalMask, OfFewerQueriesThanKeysEndsAtTheLastKey) {
  compare(2, 5);
  compare(1, 4);
  compare(3, 4);
}

TEST(CausalMask, QueriesBeforeTheFirstKeyAttendToNothing) {
  compare(4, 3);
  compare(6, 4);
  compare(8, 5);
}

TEST(CausalMask, OfNoQueriesOrNoKeysIsEmpty) {
  compare(0, 3);
  compare(2, 0);
}

// If all scores are equal, each query gets the mean of the values that it may attend to.
TEST(CausalMask, MakesRunningMeansOfEqualScores) {
  const Tensor values = tensor({1, 2, 4, 8.5, 17, 35, 71, 150});
  for (const auto& [t, s] : {std::pair{3, 3}, {6, 6}, {2, 5}, {1, 4}, {3, 4}, {4, 3}, {6, 4}, {8, 5}})
    exercise.compare(
        concat("the means of the first ", s, " of {1, 2, 4, 8.5, …} over what each row of causal_mask(", t,
               ", ", s, ") allows"),
        [&, t = t, s = s](auto f) {
          return matmul(masked_softmax(zeros({t, s}), f(t, s)), values.slice(0, 0, s));
        });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit MK-16: `key <= query + (s - t)` => `key <= query`
