// 10 · box_giou — how well two boxes agree, also where they are apart.
//
//   a (n, 4), b (n, 4), corners (x0, y0, x1, y1) of boxes with an area -> (n): of each pair, from -1 to 1
//   both    the area that both cover           either   the area that at least one of them covers
//   around  the smallest box around both
//   giou = both / either - (around - either) / around
//
// Two boxes that do not touch: what is their width in common, x1 of the one less x0 of the other? It is no width.
//
// You may use:  maximum(a, b), minimum(a, b), relu(x), x.slice(axis, begin, end), x.select(axis, i), and + - * /.
#include "lessons/10_detr/exercises.h"

namespace heed::exercise {

Tensor box_giou(const Tensor& a, const Tensor& b) {
  todo("the part in common, less the empty part of the box around both");
}

}  // namespace heed::exercise
