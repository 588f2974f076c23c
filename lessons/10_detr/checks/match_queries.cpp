#include <cmath>

#include "lessons/10_detr/exercises.h"
#include "lessons/check/check.h"
#include "nn/models/matching.h"

namespace heed::exercise {
namespace {

using Queries = std::vector<index_t>;

Queries reference(const Tensor& costs) { return nn::assign(costs.transpose(0, 1)).columns; }

// Returns the cheapest query of an object among those not taken.
index_t cheapest(const Tensor& costs, index_t object, const std::vector<bool>& taken) {
  index_t best = -1;
  for (index_t q = 0; q < costs.size(0); ++q)
    if (!taken[static_cast<std::size_t>(q)] && (best < 0 || costs.at({q, object}) < costs.at({best, object})))
      best = q;
  return best;
}
std::vector<bool> none(const Tensor& costs) {
  return std::vector<bool>(static_cast<std::size_t>(costs.size(0)), false);
}

Queries greedy(const Tensor& costs) {
  Queries of(static_cast<std::size_t>(costs.size(1)), -1);
  std::vector<bool> taken = none(costs);
  for (std::size_t k = 0; k < of.size(); ++k) {
    index_t row = -1, column = -1;
    for (index_t j = 0; j < costs.size(1); ++j) {
      if (of[static_cast<std::size_t>(j)] >= 0) continue;
      const index_t q = cheapest(costs, j, taken);
      if (row < 0 || costs.at({q, j}) < costs.at({row, column})) {
        row = q;
        column = j;
      }
    }
    of[static_cast<std::size_t>(column)] = row;
    taken[static_cast<std::size_t>(row)] = true;
  }
  return of;
}
Queries in_turn(const Tensor& costs) {
  Queries of;
  std::vector<bool> taken = none(costs);
  for (index_t j = 0; j < costs.size(1); ++j) {
    of.push_back(cheapest(costs, j, taken));
    taken[static_cast<std::size_t>(of.back())] = true;
  }
  return of;
}
Queries cheapest_of_each(const Tensor& costs) {
  Queries of;
  for (index_t j = 0; j < costs.size(1); ++j) of.push_back(cheapest(costs, j, none(costs)));
  return of;
}
Queries square_part(const Tensor& costs) { return reference(costs.slice(0, 0, costs.size(1))); }
Queries most_expensive(const Tensor& costs) { return reference(-costs); }
Queries objects_of_queries(const Tensor& costs) { return nn::assign(costs).columns; }
Queries first_queries(const Tensor& costs) {
  Queries of;
  for (index_t j = 0; j < costs.size(1); ++j) of.push_back(j);
  return of;
}
Queries rows_in_order(const Tensor& costs) { return nn::assign(costs).rows; }

const checks::Exercise<decltype(match_queries)> exercise{
    "10_match_queries",
    match_queries,
    reference,
    {{"DE-01", "the cheapest pair was taken first: the sum over all objects must be least", greedy},
     {"DE-22", "each object took the cheapest query left: the sum over all objects must be least", in_turn},
     {"DE-02", "one query was matched with two objects", cheapest_of_each},
     {"DE-03", "only the first n queries were considered: the cost matrix is not square", square_part},
     {"DE-23", "this matching has the greatest cost: find the least", most_expensive},
     {"DE-24", "these are the objects of the queries: return the query of each object", objects_of_queries},
     {"DE-25", "the queries are sorted: number j must be the query of object j", rows_in_order},
     {"DE-60", "the queries are 0, 1, 2, …: the costs were not used", first_queries}}};

TEST(MatchQueries, OfThreeQueriesAndTwoObjects) {
  exercise.call("match_queries({{.1, .2}, {.15, .9}, {.8, .7}})", [] {
    return std::tuple(tensor({{.1, .2}, {.15, .9}, {.8, .7}}));
  });
}

TEST(MatchQueries, OfFiveQueriesAndThreeObjects) {
  exercise.call("match_queries({{5, 4, 7}, {3, 2, 3.5}, {6, 9, 8}, {1, 1.25, 4}, {2, 6, -1}})", [] {
    return std::tuple(tensor({{5, 4, 7}, {3, 2, 3.5}, {6, 9, 8}, {1, 1.25, 4}, {2, 6, -1}}));
  });
}

TEST(MatchQueries, OfManyCosts) {
  for (std::uint64_t seed = 0; seed < 8; ++seed)
    exercise.call(concat("match_queries(costs (6, 4), random, seed ", seed, ")"), [seed] {
      Generator gen(seed);
      return std::tuple(randn({6, 4}, gen));
    });
}

TEST(MatchQueries, OfLargeAndNegativeCosts) {
  exercise.call("match_queries({{-1000, -999}, {-998, 0}, {1000, 3}})", [] {
    return std::tuple(tensor({{-1000, -999}, {-998, 0}, {1000, 3}}));
  });
  exercise.call("match_queries({{2e9, 3e9}, {1e9, 4e9}})", [] {
    return std::tuple(tensor({{2e9, 3e9}, {1e9, 4e9}}));
  });
}

TEST(MatchQueries, OfASquareAndOfOneObject) {
  exercise.call("match_queries(costs (4, 4), random)", [] {
    Generator gen(12);
    return std::tuple(randn({4, 4}, gen));
  });
  exercise.call("match_queries({{3}, {-2}, {5}})", [] { return std::tuple(tensor({{3}, {-2}, {5}})); });
  exercise.call("match_queries({{7}})", [] { return std::tuple(tensor({{7}})); });
}

TEST(MatchQueries, OfNoObjects) {
  exercise.invariant("", "an image without objects has no pairs", [](auto f) {
    return f(zeros({3, 0})).empty();
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit DE-03: `costs.size(0); ++query` => `costs.size(1); ++query`
