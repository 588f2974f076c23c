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
  todo("try every matching, and keep the cheapest");
}

}  // namespace heed::exercise
