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
  todo("subtract and add half of the size");
}

}  // namespace heed::exercise
