#include "tests/autograd/ops/testing.h"

namespace heed {
namespace {

TEST(Conv, UnfoldReadsPatchesChannelRowColumn) {
  const Tensor x = arange(0, 16).reshape({1, 1, 4, 4});
  const Tensor columns = unfold(x, {2, 2, 2});
  ASSERT_EQ(columns.shape(), (Shape{1, 4, 4}));
  EXPECT_EQ(columns[0].select(1, 0).to_vector(), (Numbers{0, 1, 4, 5}));
  EXPECT_EQ(columns[0].select(1, 1).to_vector(), (Numbers{2, 3, 6, 7})) << "positions go left to right first";
  EXPECT_EQ(columns[0].select(1, 2).to_vector(), (Numbers{8, 9, 12, 13}));
  const Tensor two = arange(0, 8).reshape({1, 2, 2, 2});
  EXPECT_EQ(unfold(two, {2, 2}).to_vector(), (Numbers{0, 1, 2, 3, 4, 5, 6, 7}))
      << "channels are the outermost axis";
}

TEST(Conv, PixelsInManyPatchesAndLongBiasGradientsAreAccurate) {
  // 300 patches of 300 pixels on a row of 599 pixels: the middle pixel is in all of them.
  const index_t k = 300;
  const Tensor columns = full({1, 1, 1}, 0.1).expand({1, k, k});
  const Tensor y = fold(columns, 1, 2 * k - 1, {1, k});
  expect_all_near(y.index({0, 0, 0, k - 1}), static_cast<double>(k) * tenth);
  const index_t side = 1000;
  const Tensor x = zeros({1, 1, side, side}), bias = zeros({2}).set_requires_grad();
  conv2d(x, zeros({2, 1, 1, 1}), bias).backward(full({1, 2, side, side}, 0.1));
  expect_all_near(bias.grad(), static_cast<double>(side * side) * tenth);
}

TEST(Conv, FoldAddsOverlappingPatches) {
  const Tensor x = noise({2, 3, 4, 6}, 1, f64);
  expect_same_bits(fold(unfold(x, {2, 2, 2}), 4, 6, {2, 2, 2}), x);
  const Tensor overlaps = fold(unfold(ones({1, 1, 3, 3}), {2, 2}), 3, 3, {2, 2});
  EXPECT_EQ(overlaps.to_vector(), (Numbers{1, 2, 1, 2, 4, 2, 1, 2, 1}));
}

TEST(Conv, MatchesItsDefinition) {
  const Tensor x = noise({2, 3, 5, 4}, 1, f64), w = noise({4, 3, 3, 2}, 2, f64), b = noise({4}, 3, f64);
  const index_t stride = 2, padding = 1;
  const Tensor y = conv2d(x, w, b, stride, padding);
  ASSERT_EQ(y.shape(), (Shape{2, 4, 3, 3}));
  for (index_t n = 0; n < 2; ++n)
    for (index_t o = 0; o < 4; ++o)
      for (index_t r = 0; r < 3; ++r)
        for (index_t c = 0; c < 3; ++c) {
          double expected = b.at({o});
          for (index_t i = 0; i < 3; ++i)
            for (index_t kh = 0; kh < 3; ++kh)
              for (index_t kw = 0; kw < 2; ++kw) {
                const index_t row = r * stride + kh - padding, column = c * stride + kw - padding;
                if (row >= 0 && row < 5 && column >= 0 && column < 4)
                  expected += x.at({n, i, row, column}) * w.at({o, i, kh, kw});
              }
          ASSERT_NEAR(y.at({n, o, r, c}), expected, 1e-13);
        }
}

TEST(Conv, SupportsEmptyBatchesAndViews) {
  EXPECT_EQ(conv2d(zeros({0, 1, 4, 4}), ones({2, 1, 2, 2})).shape(), (Shape{0, 2, 3, 3}));
  const Tensor x = noise({1, 4, 5, 1}, 1, f64).permute({0, 3, 1, 2});
  expect_same_bits(unfold(x, {2, 2}), unfold(x.contiguous(), {2, 2}));
}

TEST(Conv, ErrorsNameOpShapesAndRule) {
  const Tensor x = ones({1, 2, 4, 4});
  EXPECT_EQ(error_of([] {
              unfold(ones({4, 4}), {2, 2});
            }),
            "[unfold] expected x (B, C, height, width), got (4, 4)");
  EXPECT_EQ(error_of([&] {
              unfold(x, {5, 2});
            }),
            "[unfold] expected a window that fits into the padded image, got kernel 5 x 2, stride 1, "
            "dilation 1, padding 0 on an image of 4 x 4");
  EXPECT_EQ(error_of([&] {
              unfold(x, {2, 2, 0});
            }),
            "[unfold] expected kernel, stride and dilation >= 1 and padding >= 0, got kernel 2 x 2, stride "
            "0, dilation 1, padding 0");
  EXPECT_EQ(error_of([&] {
              unfold(x, {2, 3, 1, 0, 2});
            }),
            "[unfold] expected a window that fits into the padded image, got kernel 2 x 3, stride 1, "
            "dilation 2, padding 0 on an image of 4 x 4");
  EXPECT_EQ(error_of([] {
              fold(ones({4, 4}), 4, 4, {2, 2, 2});
            }),
            "[fold] expected columns (B, C·kh·kw, L), got (4, 4)");
  EXPECT_EQ(error_of([] {
              fold(ones({1, 5, 4}), 4, 4, {2, 2, 2});
            }),
            "[fold] expected a multiple of 4 rows, one per element of the kernel, got columns (1, 5, 4)");
  EXPECT_EQ(error_of([] {
              fold(ones({1, 4, 5}), 4, 4, {2, 2, 2});
            }),
            "[fold] expected L = 4 positions of the window on 4 x 4, got columns (1, 4, 5)");
  EXPECT_EQ(error_of([&] {
              conv2d(x, ones({3, 1, 2, 2}));
            }),
            "[conv2d] expected x (B, C, height, width) and weight (out, C / groups, kh, kw), got x (1, 2, 4, "
            "4), weight (3, 1, 2, 2) and groups 1");
  EXPECT_EQ(error_of([&] {
              conv2d(x, ones({3, 2, 2, 2}), {}, 1, 0, 1, 2);
            }),
            "[conv2d] expected x (B, C, height, width) and weight (out, C / groups, kh, kw), got x (1, 2, 4, "
            "4), weight (3, 2, 2, 2) and groups 2");
  EXPECT_EQ(error_of([&] {
              conv2d(x, ones({3, 1, 2, 2}), {}, 1, 0, 1, 2);
            }),
            "[conv2d] expected a number of filters that groups divides, got 3 filters and 2 groups");
  EXPECT_EQ(error_of([&] {
              conv2d(x, ones({3, 1, 2, 2}), {}, 1, 0, 1, 0);
            }),
            "[conv2d] expected groups >= 1, got 0");
  EXPECT_EQ(error_of([&] {
              conv2d(x, ones({3, 2, 2, 2}), ones({2}));
            }),
            "[conv2d] expected bias (out) = (3), one element per filter, got (2)");
  EXPECT_EQ(error_of([&] {
              conv2d(x, ones({3, 2, 5, 5}));
            }),
            "[conv2d] expected a window that fits into the padded image, got kernel 5 x 5, stride 1, "
            "dilation 1, padding 0 on an image of 4 x 4");
  EXPECT_EQ(error_of([&] {
              unfold(x, {2, 2, 1, INT64_MAX});
            }),
            "[unfold] too large: expected kernel, stride, dilation and padding of at most 1073741824, got "
            "kernel 2 x 2, stride 1, dilation 1, padding 9223372036854775807");
  const index_t large = index_t{1} << 30;
  expect_contains(error_of([&] {
                    unfold(x, {large, large, 1, large / 2});
                  }),
                  "[unfold] too large: (1, 2, 1073741824, 1073741824, ");
  expect_contains(error_of([&] {
                    fold(ones({1, 4, 4}), INT64_MAX, 4, {2, 2, 2});
                  }),
                  "[fold] too large: (9223372036854775807, 4)");
  expect_rejects_undefined("unfold", [](const Tensor& t) { unfold(t, {2, 2}); });
}

}  // namespace
}  // namespace heed
