// matching.h — lesson 10: which answer belongs to which question, when neither comes in an order.
//
//   Assignment a = assign(costs);        // rows a.rows[i] and columns a.columns[i] belong together
//
// and boxes: their two forms, and how well two of them agree.
#pragma once

#include <vector>

#include "autograd/ops.h"

namespace heed::nn {

// Pairs, in the order of their rows.
struct Assignment {
  std::vector<index_t> rows, columns;
  double cost = 0;  // the sum over the pairs
};

// costs (n, m): each row to a column of its own, or each column to a row of its own where there are fewer of them,
// so that the sum of the costs is least. O(min(n, m)² · max(n, m)), by shortest paths that change what was given
// before: Kuhn, "The Hungarian method for the assignment problem", 1955; Jonker, Volgenant, 1987. Of several that cost
// the least it takes one, always the same. +infinity forbids a pair; finite costs may have any
// size. Not differentiated. Throws "[assign] …" for NaN and -infinity, and if every assignment has
// a forbidden pair.
Assignment assign(const Tensor& costs);

// ---- boxes (..., 4) ---------------------------------------------------------------------------------------

// Middle and size (cx, cy, w, h) to corners (x0, y0, x1, y1), y growing downwards, and back.
Tensor corners_of(const Tensor& boxes);
Tensor middles_of(const Tensor& corners);

// For boxes given by corners, (..., 4) each; leading axes broadcast: a (n, 1, 4) and b (1, m, 4) give (n, m).
//   iou    what both cover / what either covers, from 0 to 1; 0 for two boxes without area
//   giou   iou - the share of the smallest box around both that neither covers, from -1 to 1: boxes that are
//          apart still have a gradient. Rezatofighi et al., "Generalized intersection over union", 2019.
// Both are NaN for a pair with a NaN in one of its boxes. Of infinite areas, giou is NaN, and iou is
// 0 or NaN. Both throw if shapes do not broadcast or dtypes differ.
Tensor iou(const Tensor& a, const Tensor& b);
Tensor giou(const Tensor& a, const Tensor& b);

}  // namespace heed::nn
