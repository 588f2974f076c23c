// print_test.cpp — the expected texts are those of PyTorch 1.13, except for the names of dtypes and
// gradient functions.
#include <cmath>
#include <sstream>

#include "tests/testing.h"

namespace heed {
namespace {

std::string printed(const Tensor& x) {
  std::ostringstream out;
  out << x;
  return out.str();
}

TEST(Print, NumbersShareOneFormat) {
  EXPECT_EQ(printed(scalar(3.5)), "tensor(3.5000)");
  EXPECT_EQ(printed(tensor({1, 2, 3})), "tensor([1., 2., 3.])");
  EXPECT_EQ(printed(tensor({{1.5, -2.25}, {0, 10}})),
            "tensor([[ 1.5000, -2.2500],\n        [ 0.0000, 10.0000]])");
  EXPECT_EQ(printed(full({3}, 0.1)), "tensor([0.1000, 0.1000, 0.1000])");
  EXPECT_EQ(printed(tensor({99999999})), "tensor([100000000.])");
}

TEST(Print, NumbersOfDifferentMagnitudeAreScientific) {
  EXPECT_EQ(printed(tensor({1e-6, 1})), "tensor([1.0000e-06, 1.0000e+00])");
  EXPECT_EQ(printed(tensor({1e5, 1})), "tensor([1.0000e+05, 1.0000e+00])");
  EXPECT_EQ(printed(tensor({0.00001})), "tensor([1.0000e-05])");
  EXPECT_EQ(printed(tensor({1e9})), "tensor([1.0000e+09])");
  EXPECT_EQ(printed(tensor({123456.0, 1.5})), "tensor([1.2346e+05, 1.5000e+00])");
}

TEST(Print, PrintsNaNAndInfinity) {
  EXPECT_EQ(printed(tensor({NAN, 1.5, INFINITY})), "tensor([   nan, 1.5000,    inf])");
  EXPECT_EQ(printed(tensor({-INFINITY, 0, 1})), "tensor([-inf, 0., 1.])");
}

TEST(Print, MatricesAreSeparatedByBlankLines) {
  EXPECT_EQ(printed(arange(0, 24).reshape({2, 3, 4}).index({all, Slice{0, 2}, Slice{0, 2}})),
            "tensor([[[ 0.,  1.],\n         [ 4.,  5.]],\n\n        [[12., 13.],\n         [16., 17.]]])");
}

TEST(Print, AnEmptyTensorIsAnEmptyList) {
  EXPECT_EQ(printed(zeros({0})), "tensor([])");
  EXPECT_EQ(printed(zeros({2, 0})), "tensor([], size=(2, 0))");
  EXPECT_EQ(printed(Tensor()), "tensor(undefined)");
}

TEST(Print, LongRowsWrapAndLargeTensorsAreSummarised) {
  EXPECT_EQ(printed(arange(0, 20) / 7.0),
            "tensor([0.0000, 0.1429, 0.2857, 0.4286, 0.5714, 0.7143, 0.8571, 1.0000, 1.1429,\n"
            "        1.2857, 1.4286, 1.5714, 1.7143, 1.8571, 2.0000, 2.1429, 2.2857, 2.4286,\n"
            "        2.5714, 2.7143])");
  EXPECT_EQ(
      printed(arange(0, 1200)),
      "tensor([0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 1.1970e+03, 1.1980e+03,\n        1.1990e+03])");
  const std::string square = printed(arange(0, 40000).reshape({200, 200}));
  expect_contains(
      square,
      "tensor([[0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 1.9700e+02, 1.9800e+02,\n         1.9900e+02],\n");
  expect_contains(square, "3.9900e+02],\n        [4.0000e+02");
  expect_contains(square, "\n        ...,\n        [3.9400e+04");
}

TEST(Print, PrintsDtypeAndGradientFunction) {
  EXPECT_EQ(printed(tensor({1, 2}, f64)), "tensor([1., 2.], dtype=f64)");
  const Tensor w = ones({1}).set_requires_grad();
  EXPECT_EQ(printed(w), "tensor([1.], requires_grad=True)");
  EXPECT_EQ(printed(exp(w * 0.0)), "tensor([1.], grad_fn=<exp>)");
}

TEST(Print, AViewPrintsItsElements) {
  EXPECT_EQ(printed(tensor({{1, 2}, {3, 4}}).transpose(0, 1)), "tensor([[1., 3.],\n        [2., 4.]])");
}

}  // namespace
}  // namespace heed
