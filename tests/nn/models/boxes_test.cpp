#include "nn/models/boxes.h"

#include <cmath>
#include <limits>

#include "tests/testing.h"

namespace heed::nn {
namespace {

TEST(Boxes, CentersAndCornersAreInverse) {
  const Tensor middles = tensor({{0.5, 0.4, 0.2, 0.6}, {0.1, 0.9, 0.4, 0.1}}, f64);
  expect_close(center_to_corners(middles), tensor({{0.4, 0.1, 0.6, 0.7}, {-0.1, 0.85, 0.3, 0.95}}, f64),
               1e-12);
  expect_close(corners_to_center(center_to_corners(middles)), middles, 1e-12);
}

TEST(Boxes, OverlapOfTheExampleOfTheMistakes) {
  const Tensor a = center_to_corners(tensor({.5, .5, .4, .4}, f64)),
               b = center_to_corners(tensor({.6, .6, .4, .4}, f64));
  EXPECT_NEAR(iou(a, b).item(), 0.09 / 0.23, 1e-12);
  EXPECT_NEAR(giou(a, b).item(), 0.09 / 0.23 - 0.02 / 0.25, 1e-12);
  EXPECT_NEAR(giou(a, a).item(), 1, 1e-12);
}

TEST(Boxes, DisjointBoxesHaveANegativeGIoU) {
  const Tensor a = tensor({0, 0, 1, 1}, f64).set_requires_grad(), b = tensor({3, 0, 4, 1}, f64);
  EXPECT_EQ(iou(a.detach(), b).item(), 0);
  const Tensor far = giou(a, b);
  EXPECT_NEAR(far.item(), -0.5, 1e-12);
  far.backward();
  EXPECT_GT(a.grad().at({2}), 0) << "to the right is nearer";
  EXPECT_GT(giou(tensor({1, 0, 2, 1}, f64), b).item(), far.item());
}

TEST(Boxes, BoxesWithoutAreaGiveNoNaN) {
  const Tensor point = tensor({.5, .5, .5, .5}, f64).set_requires_grad();
  const Tensor box = tensor({0, 0, 1, 1}, f64);
  EXPECT_EQ(iou(point, point).item(), 0);
  EXPECT_EQ(giou(point, box).item(), 0) << "the box around both is one of them";
  EXPECT_EQ(giou(point, point).item(), 0);
  giou(point, point).backward();
  for (const double g : point.grad().to_vector()) EXPECT_TRUE(std::isfinite(g));
}

TEST(Boxes, LeadingAxesBroadcast) {
  const Tensor a = center_to_corners(tensor({{.2, .2, .2, .2}, {.7, .6, .3, .5}, {.5, .5, .9, .9}})),
               b = center_to_corners(tensor({{.25, .2, .2, .3}, {.6, .6, .1, .1}}));
  const Tensor all = giou(a.unsqueeze(1), b.unsqueeze(0));
  ASSERT_EQ(all.shape(), (Shape{3, 2}));
  for (index_t i = 0; i < 3; ++i)
    for (index_t j = 0; j < 2; ++j) EXPECT_NEAR(all.at({i, j}), giou(a[i], b[j]).item(), 1e-6);
}

TEST(Boxes, OtherSizesAreRejected) {
  EXPECT_EQ(error_of([] { iou(zeros({2, 3}), zeros({2, 4})); }), "[iou] expected boxes (..., 4), got (2, 3)");
  EXPECT_EQ(error_of([] { center_to_corners(zeros({5})); }),
            "[center_to_corners] expected boxes (..., 4), got (5)");
  EXPECT_EQ(error_of([] { giou(zeros({4}), Tensor()); }),
            "[giou] expected boxes (..., 4), got an undefined tensor");
}

TEST(Boxes, NaNStaysNaN) {
  const double nan = std::nan("");
  const Tensor box = tensor({0, 0, 1, 1}, f64);
  for (const DType dtype : {f32, f64})
    for (index_t i = 0; i < 4; ++i)
      for (const Tensor& other : {tensor({0, 0, 1, 1}, dtype), tensor({3, 3, 4, 4}, dtype),
                                  tensor({.5, .5, .5, .5}, dtype), tensor({1, 1, 0, 0}, dtype)}) {
        Tensor bad = other.clone();
        bad.set({i}, nan);
        for (const Tensor& y : {iou(bad, other), iou(other, bad), giou(bad, other), giou(other, bad),
                                iou(bad, bad), giou(bad, bad)})
          EXPECT_TRUE(std::isnan(y.item())) << bad << other;
        EXPECT_GE(isnan(center_to_corners(bad)).count(), 1);
        EXPECT_GE(isnan(corners_to_center(bad)).count(), 1);
      }
  // Only the pairs with a NaN are NaN.
  const Tensor a = tensor({{0, 0, 1, 1}, {0, nan, 1, 1}}, f64);
  const Mask found = isnan(iou(a.unsqueeze(1), box.expand({1, 3, 4})));
  EXPECT_EQ(found, Mask::of({{0, 0, 0}, {1, 1, 1}}));
  EXPECT_EQ(isnan(giou(a, box)), Mask::of({0, 1}));
}

TEST(Boxes, ErrorsNameTheFunctionAndTheBoxes) {
  const Tensor three = zeros({3, 4}), two = zeros({2, 4}), precise = zeros({3, 4}, f64);
  expect_contains(error_of([&] { iou(three, two); }), "[iou] shapes (3, 4) and (2, 4) do not broadcast");
  expect_contains(error_of([&] { giou(three, two); }), "[giou] shapes (3, 4) and (2, 4) do not broadcast");
  EXPECT_EQ(error_of([&] { iou(three, precise); }),
            "[iou] expected boxes of one dtype, got f32 and f64. Hint: convert one with to()");
  EXPECT_EQ(error_of([&] { giou(precise, three); }),
            "[giou] expected boxes of one dtype, got f64 and f32. Hint: convert one with to()");
}

TEST(Boxes, AnInfiniteSideIsNaNOnlyIfTheResultIsUndefined) {
  const double inf = std::numeric_limits<double>::infinity();
  const Tensor quarter = tensor({0, 0, inf, inf}, f64), unit = tensor({0, 0, 1, 1}, f64);
  EXPECT_EQ(iou(quarter, unit).item(), 0);
  for (const Tensor& y : {giou(quarter, unit), iou(quarter, quarter), giou(quarter, quarter)})
    EXPECT_TRUE(std::isnan(y.item()));
}

TEST(Boxes, EmptyTensorsGiveEmptyTensors) {
  EXPECT_EQ(giou(zeros({0, 1, 4}), zeros({1, 3, 4})).shape(), (Shape{0, 3}));
  EXPECT_EQ(iou(zeros({2, 1, 4}), zeros({1, 0, 4})).shape(), (Shape{2, 0}));
}

}  // namespace
}  // namespace heed::nn
