#include "lessons/10_detr/exercises.h"
#include "lessons/check/check.h"
#include "nn/models/boxes.h"

namespace heed::exercise {
namespace {

Tensor first(const Tensor& x) { return x.slice(-1, 0, 2); }
Tensor last(const Tensor& x) { return x.slice(-1, 2, 4); }
Tensor area(const Tensor& size) { return size.select(-1, 0) * size.select(-1, 1); }
Tensor intersection_size(const Tensor& a, const Tensor& b) {
  return minimum(last(a), last(b)) - maximum(first(a), first(b));
}
Tensor sum_of(const Tensor& a, const Tensor& b) {
  return area(last(a) - first(a)) + area(last(b) - first(b));
}
Tensor around(const Tensor& a, const Tensor& b) {
  return area(maximum(last(a), last(b)) - minimum(first(a), first(b)));
}
Tensor combine(const Tensor& both, const Tensor& either, const Tensor& hull) {
  return both / either - (hull - either) / hull;
}

Tensor without_relu(const Tensor& a, const Tensor& b) {
  const Tensor both = area(intersection_size(a, b));
  return combine(both, sum_of(a, b) - both, around(a, b));
}
Tensor counted_twice(const Tensor& a, const Tensor& b) {
  return combine(area(relu(intersection_size(a, b))), sum_of(a, b), around(a, b));
}
Tensor by_the_union(const Tensor& a, const Tensor& b) {
  const Tensor either = sum_of(a, b) - area(relu(intersection_size(a, b)));
  return nn::iou(a, b) - (around(a, b) - either) / either;
}
Tensor without_union(const Tensor& a, const Tensor& b) {
  return nn::iou(a, b) - (around(a, b) - area(relu(intersection_size(a, b)))) / around(a, b);
}
Tensor added(const Tensor& a, const Tensor& b) { return 2.0 * nn::iou(a, b) - nn::giou(a, b); }
Tensor one_less(const Tensor& a, const Tensor& b) { return 1.0 - nn::giou(a, b); }
Tensor converted_twice(const Tensor& a, const Tensor& b) {
  return nn::giou(nn::center_to_corners(a), nn::center_to_corners(b));
}

const checks::Exercise<decltype(box_giou)> exercise{
    "10_box_giou",
    box_giou,
    nn::giou,
    {{"DE-07", "this is IoU: GIoU also subtracts the empty part of the enclosing box", nn::iou},
     {"DE-15", "boxes without overlap have no intersection: a negative width counts as 0", without_relu},
     {"DE-16", "the intersection was counted twice in `either`", counted_twice},
     {"DE-17", "the empty part is relative to the enclosing box: divide by `around`", by_the_union},
     {"DE-18", "around - both was subtracted: the empty part is around - either", without_union},
     {"DE-19", "the empty part was added: subtract it", added},
     {"DE-20", "this is the loss 1 - GIoU: return GIoU", one_less},
     {"DE-21", "corners were converted as if they were centres and sizes", converted_twice}}};

TEST(BoxGiou, OfFourPairs) {
  exercise.call(
      "box_giou({{.3, .3, .7, .7}, {0, 0, .2, .5}, …}, {{.4, .4, .8, .8}, {.6, .1, .9, .3}, …})", [] {
        return std::tuple(tensor({{.3, .3, .7, .7}, {0, 0, .2, .5}, {.1, .2, .9, .8}, {0, 0, .2, .2}}),
                          tensor({{.4, .4, .8, .8}, {.6, .1, .9, .3}, {.3, .3, .5, .6}, {.5, .6, .9, .7}}));
      });
}

TEST(BoxGiou, OfOnePair) {
  exercise.call("box_giou({{.1, .2, .6, .4}}, {{.2, .1, .3, .9}})", [] {
    return std::tuple(tensor({{.1, .2, .6, .4}}), tensor({{.2, .1, .3, .9}}));
  });
  exercise.call("box_giou({{10, 300, 1200, 301}}, {{-5, 20, 1000, 700}})", [] {
    return std::tuple(tensor({{10, 300, 1200, 301}}), tensor({{-5, 20, 1000, 700}}));
  });
}

TEST(BoxGiou, IsOneForEqualBoxes) {
  exercise.call("box_giou(a, a), a = {{.3, .3, .7, .7}, {0, .1, .2, .5}}",
                [] {
                  const Tensor a = tensor({{.3, .3, .7, .7}, {0, .1, .2, .5}});
                  return std::tuple(a, a.clone());
                },
                {.gradients = false});  // maximum of equal corners has no unique gradient
}

TEST(BoxGiou, IsBelowZeroForBoxesWithoutOverlap) {
  exercise.call(
      "box_giou({{0, 0, 1, 1}, {0, 0, 1, 1}}, {{.25, 2, .75, 3}, {.5, 1.5, 2, 1.75}}): apart in y only", [] {
        return std::tuple(tensor({{0, 0, 1, 1}, {0, 0, 1, 1}}),
                          tensor({{.25, 2, .75, 3}, {.5, 1.5, 2, 1.75}}));
      });
  exercise.call("box_giou({{0, 0, 1, 1}, {0, 0, 1, 1}}, {{2, .5, 3, 2}, {5, .25, 6, .75}})", [] {
    return std::tuple(tensor({{0, 0, 1, 1}, {0, 0, 1, 1}}), tensor({{2, .5, 3, 2}, {5, .25, 6, .75}}));
  });
  exercise.invariant("DE-07", "GIoU without overlap must be below 0, and fall with the distance", [](auto f) {
    const Tensor a = tensor({{0, 0, 1, 1}, {0, 0, 1, 1}}), b = tensor({{2, 0, 3, 1}, {5, 0, 6, 1}});
    const Tensor y = f(a, b);
    return y.at({0}) < 0 && y.at({1}) < y.at({0});
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit DE-15: `area(relu(minimum(last(a), last(b)) - maximum(first(a), first(b))))` => `area(minimum(last(a), last(b)) - maximum(first(a), first(b)))`
