// 10_box_giou — Compute the generalised IoU of two boxes.
// Exercise 2 · 15 minutes · ●●○ · after 10_box_corners
//
//   a (n, 4), b (n, 4), corners (x0, y0, x1, y1) of boxes with an area -> (n), from -1 to 1
//   both    the area of the intersection     either   the area of the union
//   around  the area of the smallest box that encloses both
//   giou = both / either - (around - either) / around
//
// If two boxes do not overlap, the difference of x1 of the one and x0 of the other is negative. How
// wide is their intersection then?
//
// You may use:  maximum(a, b), minimum(a, b), relu(x), x.slice(axis, begin, end), x.select(axis, i),
//               and + - * /.
#include "lessons/10_detr/exercises.h"

namespace heed::exercise {

Tensor box_giou(const Tensor& a, const Tensor& b) {
  todo("compute IoU minus the empty part of the enclosing box");
}

}  // namespace heed::exercise
