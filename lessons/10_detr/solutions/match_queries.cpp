// 10_match_queries — Match a query with each object at the least total cost.
// Exercise 3 · 20 minutes · ●●○ · after 00_hello
//
//   costs (N, n), N queries and n <= N objects -> the query of each object, n different indices
//   such that the sum of costs[query of object j][j] over the objects is least (the minimum is
//   unique here)
//
// There are few objects, so all N · (N - 1) · … matchings can be tried. Is it optimal to take the
// cheapest pair first?
//
// You may use:  costs.at({row, column}), costs.size(axis), recursion, std::vector, and INFINITY. Not
//               nn::assign.
#include <cmath>

#include "lessons/10_detr/exercises.h"

namespace heed::exercise {

std::vector<index_t> match_queries(const Tensor& costs) {
  // solution: try every matching, and keep the cheapest
  std::vector<index_t> current, best;
  auto taken = std::vector<bool>(static_cast<std::size_t>(costs.size(0)), false);
  double least = INFINITY;
  const auto search = [&](const auto& self, double total) -> void {
    const auto object = static_cast<index_t>(current.size());
    if (object == costs.size(1)) {
      if (total < least) {
        least = total;
        best = current;
      }
      return;
    }
    for (index_t query = 0; query < costs.size(0); ++query) {
      if (taken[static_cast<std::size_t>(query)]) continue;
      taken[static_cast<std::size_t>(query)] = true;
      current.push_back(query);
      self(self, total + costs.at({query, object}));
      taken[static_cast<std::size_t>(query)] = false;
      current.pop_back();
    }
  };
  search(search, 0);
  return best;
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. In {{.1, .2}, {.15, .9}, {.8, .7}}, which queries remain for the other object after the
//    cheapest pair, and how large is the sum?
// 2. Object 0 may have any of N queries, object 1 any of the others, and so on. Write a function
//    that selects a query for one object and calls itself for the next, with the sum so far. When
//    all objects have a query, keep the list if its sum is the least so far.
// 3. `const auto search = [&](const auto& self, double total) -> void { … };` with a list `current`
//    and a flag `taken` for each query. For every free query: mark it, append it, call
//    `self(self, total + costs.at({query, object}))`, then undo both.
