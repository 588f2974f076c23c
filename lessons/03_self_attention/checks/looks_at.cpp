#include <algorithm>

#include "lessons/03_self_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

IntTensor right(const Tensor& weights, index_t query, index_t count) {
  return topk(weights[query], count).indices;
}

// The wrong twins.
IntTensor looked_at_by(const Tensor& weights, index_t query, index_t count) {
  return topk(weights.select(1, query), count).indices;
}
IntTensor all_queries(const Tensor& weights, index_t, index_t count) {
  return topk(weights.sum(0), count).indices;
}
IntTensor least_first(const Tensor& weights, index_t query, index_t count) {
  return topk(-weights[query], count).indices;
}
IntTensor not_itself(const Tensor& weights, index_t query, index_t count) {
  if (query >= weights.size(1)) return right(weights, query, count);
  Tensor others = weights[query].clone();
  return topk(others.set({query}, -1), count).indices;
}
IntTensor from_one(const Tensor& weights, index_t query, index_t count) {
  IntTensor places = right(weights, query, count);
  for (index_t& place : places.values()) ++place;
  return places;
}
IntTensor by_position(const Tensor& weights, index_t query, index_t count) {
  IntTensor places = right(weights, query, count);
  std::sort(places.values().begin(), places.values().end());
  return places;
}
IntTensor first_row(const Tensor& weights, index_t, index_t count) { return right(weights, 0, count); }

const checks::Exercise<decltype(looks_at)> exercise{
    "03_looks_at",
    looks_at,
    right,
    {{"SA-15", "a column tells who looks at the word; what the word looks at is its row", looked_at_by},
     {"SA-16", "the queries were added up: that is what all words together look at", all_queries},
     {"SA-17", "the smallest weights come first; the word looks at the largest most", least_first},
     {"SA-18", "the word itself was left out; it may look at itself, and often does", not_itself},
     {"SA-19", "places count from 0", from_one},
     {"SA-61", "the keys are in the order of their positions; the largest weight comes first", by_position},
     {"SA-20", "row 0 was read, whatever the query", first_row}}};

// Five words; "it" is word 3. Rows sum to 1, columns do not.
Tensor sentence() {
  return tensor({{0.50, 0.20, 0.15, 0.05, 0.10},
                 {0.10, 0.35, 0.25, 0.18, 0.12},
                 {0.05, 0.45, 0.30, 0.08, 0.12},
                 {0.04, 0.40, 0.06, 0.32, 0.18},
                 {0.08, 0.22, 0.11, 0.42, 0.17}});
}

void ask(index_t query, index_t count) {
  exercise.call(concat("looks_at(weights (5, 5), ", query, ", ", count, ")"), [=] {
    return std::tuple{sentence(), query, count};
  });
}

TEST(LooksAt, NamesTheWordThatItTakesMostFrom) {
  ask(3, 1);
  ask(4, 1);
  ask(1, 1);
}

TEST(LooksAt, NamesTheMostFirst) {
  ask(3, 3);
  ask(2, 5);
  ask(0, 2);
}

TEST(LooksAt, WordsOfAnotherText) {
  exercise.call("looks_at({{0.1, 0.2, 0.4, 0.3}, {0.5, 0.15, 0.05, 0.3}}, 1, 2)", [] {
    return std::tuple{tensor({{0.1, 0.2, 0.4, 0.3}, {0.5, 0.15, 0.05, 0.3}}), 1, 2};
  });
  exercise.call("looks_at({{0.2, 0.8}, {0.6, 0.4}, {0.3, 0.7}}, 2, 2)", [] {
    return std::tuple{tensor({{0.2, 0.8}, {0.6, 0.4}, {0.3, 0.7}}), 2, 2};
  });
  exercise.call("looks_at({{0.3, 0.1, 0.6}}, 0, 2)", [] {
    return std::tuple{tensor({{0.3, 0.1, 0.6}}), 0, 2};
  });
  exercise.call("looks_at({{1}, {1}}, 1, 1)", [] { return std::tuple{tensor({{1}, {1}}), 1, 1}; });
}

TEST(LooksAt, NamesTheKeysOfTheLargestWeights) {
  for (const auto& [query, count] : {std::pair{3, 1}, {4, 1}, {1, 1}, {3, 3}, {2, 5}, {0, 2}})
    exercise.compare(
        concat("the weights of word ", query, " at looks_at(weights (5, 5), ", query, ", ", count, ")"),
        [query = query, count = count](auto f) {
          return index_select(sentence()[query], 0, f(sentence(), query, count));
        });
}

TEST(LooksAt, NamesNoMaskedKeyBeforeTheOthers) {
  exercise.call("looks_at({{0, 0.2, 0, 0.8}, {0.7, 0, 0, 0.3}}, 1, 2)", [] {
    return std::tuple{tensor({{0, 0.2, 0, 0.8}, {0.7, 0, 0, 0.3}}), 1, 2};
  });
}

}  // namespace
}  // namespace heed::exercise
