#include "lessons/10_detr/exercises.h"
#include "lessons/check/check.h"
#include "nn/models/boxes.h"

namespace heed::exercise {
namespace {

Tensor centre(const Tensor& x) { return x.slice(-1, 0, 2); }
Tensor size(const Tensor& x) { return x.slice(-1, 2, 4); }

Tensor unchanged(const Tensor& x) { return x + 0.0; }
Tensor from_the_corner(const Tensor& x) { return cat({centre(x), centre(x) + size(x)}, -1); }
Tensor whole_size(const Tensor& x) { return cat({centre(x) - size(x), centre(x) + size(x)}, -1); }
Tensor interleaved(const Tensor& x) {
  const Tensor y = nn::center_to_corners(x);
  return cat({y.slice(-1, 0, 1), y.slice(-1, 2, 3), y.slice(-1, 1, 2), y.slice(-1, 3, 4)}, -1);
}
Tensor swapped(const Tensor& x) {
  const Tensor half = cat({x.slice(-1, 3, 4), x.slice(-1, 2, 3)}, -1) / 2.0;
  return cat({centre(x) - half, centre(x) + half}, -1);
}

const checks::Exercise<decltype(box_corners)> exercise{
    "10_box_corners",
    box_corners,
    nn::center_to_corners,
    {{"DE-06", "the boxes were returned unchanged: (cx, cy, w, h) are not corners", unchanged},
     {"DE-11", "cx and cy are the centre, not the upper left corner: subtract half of the size",
      from_the_corner},
     {"DE-12", "the whole size was subtracted and added: use half of it", whole_size},
     {"DE-13", "the order is x0, x1, y0, y1: it must be x0, y0, x1, y1", interleaved},
     {"DE-14", "width and height are swapped", swapped}}};

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

TEST(BoxCorners, OfNoBoxesAreEmpty) {
  exercise.call("box_corners(boxes (0, 4))", [] { return std::tuple(zeros({0, 4})); });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit DE-12: `boxes.slice(-1, 2, 4) / 2.0` => `boxes.slice(-1, 2, 4)`
