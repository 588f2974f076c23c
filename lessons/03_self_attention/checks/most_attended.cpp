#include <algorithm>

#include "lessons/03_self_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

IntTensor reference(const Tensor& weights, index_t query, index_t count) {
  return topk(weights[query], count).indices;
}

// The wrong twins.
IntTensor column(const Tensor& weights, index_t query, index_t count) {
  return topk(weights.select(1, query), count).indices;
}
IntTensor all_queries(const Tensor& weights, index_t, index_t count) {
  return topk(weights.sum(0), count).indices;
}
IntTensor smallest_first(const Tensor& weights, index_t query, index_t count) {
  return topk(-weights[query], count).indices;
}
IntTensor without_itself(const Tensor& weights, index_t query, index_t count) {
  if (query >= weights.size(1)) return reference(weights, query, count);
  Tensor others = weights[query].clone();
  return topk(others.set({query}, -1), count).indices;
}
IntTensor from_one(const Tensor& weights, index_t query, index_t count) {
  IntTensor positions = reference(weights, query, count);
  for (index_t& position : positions.values()) ++position;
  return positions;
}
IntTensor by_position(const Tensor& weights, index_t query, index_t count) {
  IntTensor positions = reference(weights, query, count);
  std::sort(positions.values().begin(), positions.values().end());
  return positions;
}
IntTensor first_row(const Tensor& weights, index_t, index_t count) { return reference(weights, 0, count); }

const checks::Exercise<decltype(most_attended)> exercise{
    "03_most_attended",
    most_attended,
    reference,
    {{"SA-15", "a column was used: the weights that one key receives; those of one query are a row", column},
     {"SA-16", "the weights of all queries were added; use only the row of this query", all_queries},
     {"SA-17", "the smallest weights come first; return the keys with the largest weights", smallest_first},
     {"SA-18", "the word itself was left out; a word attends to itself, too", without_itself},
     {"SA-19", "positions are counted from 0", from_one},
     {"SA-61", "the keys are in the order of their positions; the largest weight comes first", by_position},
     {"SA-20", "row 0 was used for every query", first_row}}};

// Five words; "it" is word 3. The rows sum to 1, the columns do not.
Tensor sentence() {
  return tensor({{0.50, 0.20, 0.15, 0.05, 0.10},
                 {0.10, 0.35, 0.25, 0.18, 0.12},
                 {0.05, 0.45, 0.30, 0.08, 0.12},
                 {0.04, 0.40, 0.06, 0.32, 0.18},
                 {0.08, 0.22, 0.11, 0.42, 0.17}});
}

void compare(index_t query, index_t count) {
  exercise.call(concat("most_attended(weights (5, 5), ", query, ", ", count, ")"), [=] {
    return std::tuple{sentence(), query, count};
  });
}

TEST(MostAttended, IsTheKeyWithTheLargestWeight) {
  compare(3, 1);
  compare(4, 1);
  compare(1, 1);
}

TEST(MostAttended, HasTheLargestWeightFirst) {
  compare(3, 3);
  compare(2, 5);
  compare(0, 2);
}

TEST(MostAttended, OfOtherNumbersOfQueriesAndKeys) {
  exercise.call("most_attended({{0.1, 0.2, 0.4, 0.3}, {0.5, 0.15, 0.05, 0.3}}, 1, 2)", [] {
    return std::tuple{tensor({{0.1, 0.2, 0.4, 0.3}, {0.5, 0.15, 0.05, 0.3}}), 1, 2};
  });
  exercise.call("most_attended({{0.2, 0.8}, {0.6, 0.4}, {0.3, 0.7}}, 2, 2)", [] {
    return std::tuple{tensor({{0.2, 0.8}, {0.6, 0.4}, {0.3, 0.7}}), 2, 2};
  });
  exercise.call("most_attended({{0.3, 0.1, 0.6}}, 0, 2)", [] {
    return std::tuple{tensor({{0.3, 0.1, 0.6}}), 0, 2};
  });
  exercise.call("most_attended({{1}, {1}}, 1, 1)", [] { return std::tuple{tensor({{1}, {1}}), 1, 1}; });
}

TEST(MostAttended, NamesTheKeysOfTheLargestWeights) {
  for (const auto& [query, count] : {std::pair{3, 1}, {4, 1}, {1, 1}, {3, 3}, {2, 5}, {0, 2}})
    exercise.compare(
        concat("the weights of word ", query, " at most_attended(weights (5, 5), ", query, ", ", count, ")"),
        [query = query, count = count](auto f) {
          return index_select(sentence()[query], 0, f(sentence(), query, count));
        });
}

TEST(MostAttended, HasNoMaskedKeyBeforeTheOthers) {
  exercise.call("most_attended({{0, 0.2, 0, 0.8}, {0.7, 0, 0, 0.3}}, 1, 2)", [] {
    return std::tuple{tensor({{0, 0.2, 0, 0.8}, {0.7, 0, 0, 0.3}}), 1, 2};
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit SA-15: `weights[query]` => `weights.select(1, query)`
