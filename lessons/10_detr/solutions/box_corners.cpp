// 10_box_corners — Compute the corners of a box from its centre and size.
// Exercise 1 · 5 minutes · ●○○ · after 08_patchify
//
//   boxes (..., 4) as (cx, cy, w, h) -> (..., 4) as (x0, y0, x1, y1): upper left, lower right
//
// DETR predicts centres and sizes; the overlap is computed from corners. Both formats are four
// numbers between 0 and 1, so the shape does not show which of the two a tensor has.
//
// You may use:  x.slice(axis, begin, end), cat({a, b}, axis), and + - * / (they broadcast).
#include "lessons/10_detr/exercises.h"

namespace heed::exercise {

Tensor box_corners(const Tensor& boxes) {
  // solution: subtract and add half of the size
  const Tensor centre = boxes.slice(-1, 0, 2), half = boxes.slice(-1, 2, 4) / 2.0;
  return cat({centre - half, centre + half}, -1);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. How far is the left side of a box from its centre? How far is the upper side?
// 2. boxes (..., 4) are two pairs: a centre (..., 2) and a size (..., 2). The corners are the
//    centre minus half of the size, and the centre plus half of it.
// 3. `const Tensor centre = boxes.slice(-1, 0, 2), half = boxes.slice(-1, 2, 4) / 2.0;`, then
//    `cat({…, …}, -1)` of the two corners.
