// average_precision_test.cpp — the measure of lesson 10's detector.
#include "lessons/10_detr/average_precision.h"

#include "tests/testing.h"

namespace heed::lessons {

static Tensor corners(const Tensor& box) { return nn::center_to_corners(box); }

// Two objects of class 0 in picture 0, one of class 1 and none in pictures 1 and 2.
struct Pictures {
  Tensor first = tensor({.3, .3, .2, .2}, f64), second = tensor({.7, .7, .2, .2}, f64);
  std::vector<nn::Objects> objects = {{IntTensor{0, 0}, stack({first, second})},
                                      {IntTensor{1}, tensor({{.5, .5, .4, .4}}, f64)},
                                      {IntTensor{}, Tensor()}};
};

TEST(AveragePrecision, IsTheAreaUnderPrecisionOverRecall) {
  const Pictures p;
  const Answer right{0, 0, .9, corners(p.first)}, twice{0, 0, .8, corners(p.first)},
      nowhere{2, 0, .7, corners(p.first)}, late{0, 0, .6, corners(p.second)};
  EXPECT_EQ(average_precision({right, late}, p.objects, 0), 1);
  EXPECT_EQ(average_precision({right}, p.objects, 0), 0.5);
  EXPECT_EQ(average_precision({right, twice, nowhere, late}, p.objects, 0), 0.5 + 0.5 * 0.5);
  EXPECT_EQ(average_precision({nowhere}, p.objects, 0), 0) << "a picture without objects";
  EXPECT_EQ(average_precision({right}, p.objects, 2), 0) << "a class that is in no picture";
}

TEST(AveragePrecision, NaNStaysNaN) {
  const double nan = std::nan("");
  Pictures p;
  const Answer right{0, 0, .9, corners(p.first)}, unsure{0, 0, nan, corners(p.second)},
      lost{0, 0, .5, tensor({0, 0, nan, 1}, f64)};
  EXPECT_TRUE(std::isnan(average_precision({right, unsure}, p.objects, 0)));
  EXPECT_TRUE(std::isnan(average_precision({right, lost}, p.objects, 0)));
  EXPECT_EQ(average_precision({lost, {1, 1, .5, corners(tensor({.5, .5, .4, .4}, f64))}}, p.objects, 1), 1)
      << "another class";
  p.objects[0].boxes.set({1, 2}, nan);
  EXPECT_TRUE(std::isnan(average_precision({right}, p.objects, 0)));
}

TEST(AveragePrecision, ChecksItsArguments) {
  const Pictures p;
  const Answer elsewhere{3, 0, .9, corners(p.first)};
  EXPECT_EQ(error_of([&] { average_precision({elsewhere}, p.objects, 0); }),
            "[average_precision] expected answers for pictures in [0, 3), got one for 3");
  EXPECT_EQ(error_of([&] { average_precision({}, p.objects, 0, 0); }),
            "[average_precision] expected a threshold in (0, 1], got 0");
  expect_contains(error_of([&] { average_precision({}, p.objects, 0, std::nan("")); }),
                  "expected a threshold");
}

}  // namespace heed::lessons
