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
  // solution: compute IoU minus the empty part of the enclosing box
  const auto first = [](const Tensor& x) { return x.slice(-1, 0, 2); };
  const auto last = [](const Tensor& x) { return x.slice(-1, 2, 4); };
  const auto area = [](const Tensor& size) { return size.select(-1, 0) * size.select(-1, 1); };
  const Tensor both = area(relu(minimum(last(a), last(b)) - maximum(first(a), first(b))));
  const Tensor either = area(last(a) - first(a)) + area(last(b) - first(b)) - both;
  const Tensor around = area(maximum(last(a), last(b)) - minimum(first(a), first(b)));
  return both / either - (around - either) / around;
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Where does the intersection begin, and where does it end? What if it ends before it begins?
// 2. The intersection begins at the larger of the first corners and ends at the smaller of the last
//    ones; for the enclosing box it is the other way round. Sizes are (n, 2), areas (n). either =
//    area of a + area of b − both.
// 3. `relu(minimum(last(a), last(b)) - maximum(first(a), first(b)))` is the size of the
//    intersection; an area is `size.select(-1, 0) * size.select(-1, 1)`.
