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
  // solution: try every way, keep the cheapest
  std::vector<index_t> now, best;
  auto taken = std::vector<bool>(static_cast<std::size_t>(costs.size(0)), false);
  double least = INFINITY;
  const auto go_on = [&](const auto& self, double total) -> void {
    const auto object = static_cast<index_t>(now.size());
    if (object == costs.size(1)) {
      if (total < least) least = total, best = now;
      return;
    }
    for (index_t query = 0; query < costs.size(0); ++query) {
      if (taken[static_cast<std::size_t>(query)]) continue;
      taken[static_cast<std::size_t>(query)] = true, now.push_back(query);
      self(self, total + costs.at({query, object}));
      taken[static_cast<std::size_t>(query)] = false, now.pop_back();
    }
  };
  go_on(go_on, 0);
  return best;
  // end
}

}  // namespace heed::exercise
