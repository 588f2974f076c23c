// average_precision_test.cpp — the metric of lesson 10's detector.
#include "lessons/10_detr/average_precision.h"

#include "tests/testing.h"

namespace heed::lessons {

static Tensor corners(const Tensor& box) { return nn::center_to_corners(box); }

// Image 0 has two objects of class 0, image 1 has one of class 1, and image 2 has none.
struct Images {
  Tensor first = tensor({.3, .3, .2, .2}, f64), second = tensor({.7, .7, .2, .2}, f64);
  std::vector<nn::Objects> objects = {{IntTensor{0, 0}, stack({first, second})},
                                      {IntTensor{1}, tensor({{.5, .5, .4, .4}}, f64)},
                                      {IntTensor{}, Tensor()}};
};

TEST(AveragePrecision, IsTheAreaUnderPrecisionOverRecall) {
  const Images p;
  const Detection correct{0, 0, .9, corners(p.first)}, duplicate{0, 0, .8, corners(p.first)},
      nowhere{2, 0, .7, corners(p.first)}, late{0, 0, .6, corners(p.second)};
  EXPECT_EQ(average_precision({correct, late}, p.objects, 0), 1);
  EXPECT_EQ(average_precision({correct}, p.objects, 0), 0.5);
  EXPECT_EQ(average_precision({correct, duplicate, nowhere, late}, p.objects, 0), 0.5 + 0.5 * 0.5);
  EXPECT_EQ(average_precision({nowhere}, p.objects, 0), 0) << "an image without objects";
  EXPECT_EQ(average_precision({correct}, p.objects, 2), 0) << "a class without objects";
}

TEST(AveragePrecision, NaNStaysNaN) {
  const double nan = std::nan("");
  Images p;
  const Detection correct{0, 0, .9, corners(p.first)}, unsure{0, 0, nan, corners(p.second)},
      lost{0, 0, .5, tensor({0, 0, nan, 1}, f64)};
  EXPECT_TRUE(std::isnan(average_precision({correct, unsure}, p.objects, 0)));
  EXPECT_TRUE(std::isnan(average_precision({correct, lost}, p.objects, 0)));
  EXPECT_EQ(average_precision({lost, {1, 1, .5, corners(tensor({.5, .5, .4, .4}, f64))}}, p.objects, 1), 1)
      << "another class";
  p.objects[0].boxes.set({1, 2}, nan);
  EXPECT_TRUE(std::isnan(average_precision({correct}, p.objects, 0)));
}

TEST(AveragePrecision, ChecksItsArguments) {
  const Images p;
  const Detection elsewhere{3, 0, .9, corners(p.first)};
  EXPECT_EQ(error_of([&] { average_precision({elsewhere}, p.objects, 0); }),
            "[average_precision] expected detections of images in [0, 3), got image 3");
  EXPECT_EQ(error_of([&] { average_precision({}, p.objects, 0, 0); }),
            "[average_precision] expected a threshold in (0, 1], got 0");
  expect_contains(error_of([&] { average_precision({}, p.objects, 0, std::nan("")); }),
                  "expected a threshold");
}

}  // namespace heed::lessons
