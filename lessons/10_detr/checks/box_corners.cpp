#include "lessons/10_detr/exercises.h"
#include "lessons/tutor/check.h"
#include "nn/matching.h"

namespace heed::exercise {
namespace {

Tensor middle(const Tensor& x) { return x.slice(-1, 0, 2); }
Tensor size(const Tensor& x) { return x.slice(-1, 2, 4); }

Tensor as_they_are(const Tensor& x) { return x + 0.0; }
Tensor from_the_corner(const Tensor& x) { return cat({middle(x), middle(x) + size(x)}, -1); }
Tensor whole_size(const Tensor& x) { return cat({middle(x) - size(x), middle(x) + size(x)}, -1); }
Tensor interleaved(const Tensor& x) {
  const Tensor y = nn::corners_of(x);
  return cat({y.slice(-1, 0, 1), y.slice(-1, 2, 3), y.slice(-1, 1, 2), y.slice(-1, 3, 4)}, -1);
}
Tensor turned(const Tensor& x) {
  const Tensor half = cat({x.slice(-1, 3, 4), x.slice(-1, 2, 3)}, -1) / 2.0;
  return cat({middle(x) - half, middle(x) + half}, -1);
}

const tutor::Exercise<decltype(box_corners)> exercise{
    "10_box_corners",
    box_corners,
    nn::corners_of,
    {{"DE-06", "the boxes were given back as they are: (cx, cy, w, h) are no corners", as_they_are},
     {"DE-11", "cx and cy are the middle, not the upper left corner: go half of the size back",
      from_the_corner},
     {"DE-12", "the whole size was taken to both sides; half of it", whole_size},
     {"DE-13", "the order is x0, x1, y0, y1; it is to be x0, y0, x1, y1", interleaved},
     {"DE-14", "width and height changed places", turned}}};

Tensor two() { return tensor({{.5, .4, .2, .6}, {.1, .9, .4, .1}}); }

TEST(BoxCorners, OfTwoBoxes) {
  exercise.compare("box_corners({{.5, .4, .2, .6}, {.1, .9, .4, .1}})", [](auto f) { return f(two()); });
}

TEST(BoxCorners, OfABatch) {
  exercise.compare("box_corners((2, 3, 4))", [](auto f) {
    Generator gen(1);
    return f(randn({2, 3, 4}, gen));
  });
}

TEST(BoxCorners, PassesGradients) {
  exercise.compare("gradient of boxes, of box_corners(boxes), weighted", [](auto f) {
    const Tensor x = two().set_requires_grad();
    (f(x) * tensor({{1, -2, 3, 5}, {2, 1, -1, 4}})).sum().backward();
    return x.grad();
  });
}

TEST(BoxCorners, LeavesItsInputAsItWas) {
  exercise.invariant("", "boxes was changed: a Tensor is a handle, so make a new one", [](auto f) {
    const Tensor x = two();
    f(x);
    return allclose(x, two());
  });
}

}  // namespace
}  // namespace heed::exercise
