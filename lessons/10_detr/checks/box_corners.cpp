#include "lessons/10_detr/exercises.h"
#include "lessons/check/check.h"
#include "nn/models/boxes.h"

namespace heed::exercise {
namespace {

Tensor middle(const Tensor& x) { return x.slice(-1, 0, 2); }
Tensor size(const Tensor& x) { return x.slice(-1, 2, 4); }

Tensor as_they_are(const Tensor& x) { return x + 0.0; }
Tensor from_the_corner(const Tensor& x) { return cat({middle(x), middle(x) + size(x)}, -1); }
Tensor whole_size(const Tensor& x) { return cat({middle(x) - size(x), middle(x) + size(x)}, -1); }
Tensor interleaved(const Tensor& x) {
  const Tensor y = nn::center_to_corners(x);
  return cat({y.slice(-1, 0, 1), y.slice(-1, 2, 3), y.slice(-1, 1, 2), y.slice(-1, 3, 4)}, -1);
}
Tensor turned(const Tensor& x) {
  const Tensor half = cat({x.slice(-1, 3, 4), x.slice(-1, 2, 3)}, -1) / 2.0;
  return cat({middle(x) - half, middle(x) + half}, -1);
}

const checks::Exercise<decltype(box_corners)> exercise{
    "10_box_corners",
    box_corners,
    nn::center_to_corners,
    {{"DE-06", "the boxes were given back as they are: (cx, cy, w, h) are no corners", as_they_are},
     {"DE-11", "cx and cy are the middle, not the upper left corner: go half of the size back",
      from_the_corner},
     {"DE-12", "the whole size was taken to both sides; half of it", whole_size},
     {"DE-13", "the order is x0, x1, y0, y1; it is to be x0, y0, x1, y1", interleaved},
     {"DE-14", "width and height changed places", turned}}};

TEST(BoxCorners, OfTwoBoxes) {
  exercise.call("box_corners({{.5, .4, .2, .6}, {.1, .9, .4, .1}})", [] {
    return std::tuple(tensor({{.5, .4, .2, .6}, {.1, .9, .4, .1}}));
  });
}

TEST(BoxCorners, OfABatch) {
  exercise.call("box_corners(boxes (2, 3, 4))", [] {
    Generator gen(1);
    return std::tuple(randn({2, 3, 4}, gen));
  });
  exercise.call("box_corners(boxes (4, 4))", [] {
    Generator gen(2);
    return std::tuple(randn({4, 4}, gen));
  });
}

TEST(BoxCorners, OfOneBox) {
  exercise.call("box_corners({.5, .4, .2, .6})", [] { return std::tuple(tensor({.5, .4, .2, .6})); });
  exercise.call("box_corners({{400, 300, 1000, 2}})", [] {
    return std::tuple(tensor({{400, 300, 1000, 2}}));
  });
}

TEST(BoxCorners, OfNoBoxesAreNone) {
  exercise.call("box_corners(boxes (0, 4))", [] { return std::tuple(zeros({0, 4})); });
}

}  // namespace
}  // namespace heed::exercise
