// 10 · match_queries — which query is meant by which object, at the least cost in all.
//
//   costs (N, n), N queries and n <= N objects -> the query of each object, n different numbers
//   so that the sum of costs[query of object j][j] over the objects is least (it is never equal for two ways here)
//
// There are few objects, so all ways may be tried: N · (N - 1) · … of them. Is it right to take the cheapest pair first?
//
// You may use:  costs.at({row, column}), costs.size(axis), recursion, std::vector, and INFINITY. Not nn::assign.
#include <cmath>

#include "lessons/10_detr/exercises.h"

namespace heed::exercise {

std::vector<index_t> match_queries(const Tensor& costs) {
  todo("try every way, keep the cheapest");
}

}  // namespace heed::exercise
