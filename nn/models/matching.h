// matching.h — lesson 10: bipartite matching, the assignment of minimal cost.
//
//   Assignment a = assign(costs);        // a.rows[i] is assigned to a.columns[i]
#pragma once

#include <vector>

#include "autograd/tensor.h"

namespace heed::nn {

// The assigned pairs in the order of their rows.
struct Assignment {
  std::vector<index_t> rows, columns;
  double cost = 0;  // the sum over the pairs
};

// costs (n, m): assigns each row to a different column or, if there are fewer columns, each column
// to a different row, with the minimal sum of costs. O(min(n, m)² · max(n, m)) by shortest
// augmenting paths: Kuhn, "The Hungarian method for the assignment problem", 1955; Jonker,
// Volgenant, 1987. If several assignments are minimal, the result is deterministic. +infinity
// forbids a pair; finite costs may be arbitrarily large. Not differentiated. Throws "[assign] …"
// for NaN and -infinity, and if every assignment contains a forbidden pair.
Assignment assign(const Tensor& costs);

}  // namespace heed::nn
