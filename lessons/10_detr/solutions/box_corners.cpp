// 10 · box_corners — from the middle and the size of a box to two of its corners.
//
//   boxes (..., 4) as (cx, cy, w, h) -> (..., 4) as (x0, y0, x1, y1): upper left, lower right
//
// DETR says middles and sizes; overlap is counted with corners. Both are four numbers between 0 and 1: nothing but the
// numbers themselves shows which of the two they are.
//
// You may use:  x.slice(axis, begin, end), cat({a, b}, axis), and + - * / (they broadcast).
#include "lessons/10_detr/exercises.h"

namespace heed::exercise {

Tensor box_corners(const Tensor& boxes) {
  // solution: go half of the size to both sides of the middle
  const Tensor middle = boxes.slice(-1, 0, 2), half = boxes.slice(-1, 2, 4) / 2.0;
  return cat({middle - half, middle + half}, -1);
  // end
}

}  // namespace heed::exercise
