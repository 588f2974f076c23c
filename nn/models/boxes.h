// boxes.h — lesson 10: bounding boxes (..., 4), their two formats, and intersection over union.
#pragma once

#include "autograd/ops.h"

namespace heed::nn {

// Center and size (cx, cy, w, h) -> corners (x0, y0, x1, y1), with y increasing downwards; and the
// inverse.
Tensor center_to_corners(const Tensor& boxes);
Tensor corners_to_center(const Tensor& corners);

// For boxes as corners, (..., 4) each; leading axes broadcast: a (n, 1, 4) and b (1, m, 4) give
// (n, m).
//   iou    area of the intersection / area of the union, from 0 to 1; 0 for two boxes without area
//   giou   iou - (area of the smallest enclosing box outside the union) / (its area), from -1 to 1:
//          disjoint boxes still have a gradient. Rezatofighi et al., "Generalized intersection over
//          union", 2019.
// Both are NaN for a pair in which a box contains NaN. For infinite areas, giou is NaN, and iou is
// 0 or NaN. Both throw if shapes do not broadcast or dtypes differ.
Tensor iou(const Tensor& a, const Tensor& b);
Tensor giou(const Tensor& a, const Tensor& b);

}  // namespace heed::nn
