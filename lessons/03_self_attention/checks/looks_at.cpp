#include "lessons/03_self_attention/exercises.h"
#include "lessons/tutor/check.h"

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
  Tensor others = weights[query].clone();
  return topk(others.set({query}, -1), count).indices;
}
IntTensor from_one(const Tensor& weights, index_t query, index_t count) {
  IntTensor places = right(weights, query, count);
  for (index_t& place : places.values()) ++place;
  return places;
}
IntTensor first_row(const Tensor& weights, index_t, index_t count) { return right(weights, 0, count); }

const tutor::Exercise<decltype(looks_at)> exercise{
    "03_looks_at",
    looks_at,
    right,
    {{"SA-15", "a column tells who looks at the word; what the word looks at is its row", looked_at_by},
     {"SA-16", "the queries were added up: that is what all words together look at", all_queries},
     {"SA-17", "the smallest weights come first; the word looks at the largest most", least_first},
     {"SA-18", "the word itself was left out; it may look at itself, and often does", not_itself},
     {"SA-19", "places count from 0", from_one},
     {"SA-20", "row 0 was read, whatever the query", first_row}}};

// Five words; "it" is word 3. Rows sum to 1, columns do not.
Tensor sentence() {
  return tensor({{0.50, 0.20, 0.15, 0.05, 0.10},
                 {0.10, 0.35, 0.25, 0.18, 0.12},
                 {0.05, 0.45, 0.30, 0.08, 0.12},
                 {0.04, 0.40, 0.06, 0.32, 0.18},
                 {0.08, 0.22, 0.11, 0.42, 0.17}});
}

TEST(LooksAt, NamesTheWordThatItTakesMostFrom) {
  exercise.compare("looks_at(weights (5, 5), 3, 1)", [](auto f) { return f(sentence(), 3, 1); });
  exercise.compare("looks_at(weights (5, 5), 4, 1)", [](auto f) { return f(sentence(), 4, 1); });
}

TEST(LooksAt, NamesTheMostFirst) {
  exercise.compare("looks_at(weights (5, 5), 3, 3)", [](auto f) { return f(sentence(), 3, 3); });
  exercise.compare("looks_at(weights (5, 5), 2, 5)", [](auto f) { return f(sentence(), 2, 5); });
}

TEST(LooksAt, WordsOfAnotherText) {
  exercise.compare("looks_at({{0.1, 0.2, 0.4, 0.3}, {0.5, 0.15, 0.05, 0.3}}, 1, 2)", [](auto f) {
    return f(tensor({{0.1, 0.2, 0.4, 0.3}, {0.5, 0.15, 0.05, 0.3}}), 1, 2);
  });
}

TEST(LooksAt, LeavesTheWeightsAsTheyWere) {
  exercise.invariant("SD-34", "the weights were changed: a Tensor is a handle, so change a clone",
                     [](auto f) {
                       const Tensor weights = sentence();
                       f(weights, 3, 2);
                       return allclose(weights, sentence());
                     });
}

}  // namespace
}  // namespace heed::exercise
