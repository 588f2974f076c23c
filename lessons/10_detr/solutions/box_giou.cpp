// 10 · box_giou — the generalised intersection over union of two boxes.
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
