#include <cstdint>
#include <vector>

#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// (T, S) from a rule for each pair; `place` is where the query stands among the keys.
template <class Rule>
Mask pairs(index_t t, index_t s, Rule&& may) {
  std::vector<std::uint8_t> values;
  for (index_t query = 0; query < t; ++query)
    for (index_t key = 0, place = query + s - t; key < s; ++key) values.push_back(may(key, place));
  return Mask(values, {t, s});
}

// The wrong twins.
Mask hidden_are_true(index_t t, index_t s) { return !causal(t, s); }
Mask not_itself(index_t t, index_t s) {
  return pairs(t, s, [](index_t key, index_t place) { return key < place; });
}
Mask the_future(index_t t, index_t s) {
  return pairs(t, s, [](index_t key, index_t place) { return key >= place; });
}
Mask everything(index_t t, index_t s) { return Mask::full({t, s}, true); }
Mask from_the_first(index_t t, index_t s) {
  return pairs(t, s, [&](index_t key, index_t place) { return key <= place - (s - t); });
}
Mask one_too_many(index_t t, index_t s) {
  return pairs(t, s, [](index_t key, index_t place) { return key <= place + 1; });
}
Mask only_itself(index_t t, index_t s) {
  return pairs(t, s, [](index_t key, index_t place) { return key == place; });
}
Mask unsigned_places(index_t t, index_t s) {
  return pairs(t, s, [](std::size_t key, std::size_t place) { return key <= place; });
}
Mask rows_of_t(index_t t, index_t s) {
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
    {{"MK-02", "the mask is upside down: TRUE = MAY ATTEND", hidden_are_true},
     {"MK-07", "a position may see itself: key <= place, not key < place", not_itself},
     {"MK-09", "the future was kept and the past hidden", the_future},
     {"MK-10", "nothing is hidden: every query sees the future", everything},
     {"MK-16", "aligned at the first query: the last query must see all keys, whatever t and s are",
      from_the_first},
     {"MK-17", "a position sees the one after it: one key too many", one_too_many},
     {"MK-18", "a position sees itself and nothing of the past", only_itself},
     {"MK-19", "unsigned numbers have no place below 0: it became a very large one", unsigned_places},
     {"MK-20", "a row is s values long, not t", rows_of_t}}};

void ask(index_t t, index_t s) {
  exercise.compare(concat("causal_mask(", t, ", ", s, ")"), [=](auto f) { return f(t, s); });
}

TEST(CausalMask, IsATriangleForAsManyQueriesAsKeys) {
  ask(3, 3);
  ask(1, 1);
  ask(6, 6);
}

TEST(CausalMask, OfTheLastQueriesEndsAtTheLastKey) {
  ask(2, 5);
  ask(1, 4);
  ask(3, 4);
}

TEST(CausalMask, LetsQueriesBeforeTheFirstKeySeeNothing) {
  ask(4, 3);
  ask(6, 4);
  ask(8, 5);
}

TEST(CausalMask, OfNoQueriesOrNoKeysIsEmpty) {
  ask(0, 3);
  ask(2, 0);
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
