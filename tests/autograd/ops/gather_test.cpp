#include "tests/autograd/ops/testing.h"

namespace heed {
namespace {

const Tensor x = tensor({{1, 2, 3}, {4, 5, 6}});

TEST(Gather, CatAndStackConcatenate) {
  EXPECT_EQ(cat({x, tensor({{7, 8, 9}})}).to_vector(), (Numbers{1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(cat({x, x.slice(1, 0, 1)}, -1).to_vector(), (Numbers{1, 2, 3, 1, 4, 5, 6, 4}));
  EXPECT_EQ(cat({x, zeros({0, 3})}).shape(), (Shape{2, 3}));
  EXPECT_EQ(stack({tensor({1, 2}), tensor({3, 4})}).to_vector(), (Numbers{1, 2, 3, 4}));
  EXPECT_EQ(stack({tensor({1, 2}), tensor({3, 4})}, -1).to_vector(), (Numbers{1, 3, 2, 4}));
  EXPECT_EQ(stack({scalar(1), scalar(2)}).shape(), (Shape{2}));
}

TEST(Gather, SelectsByIndex) {
  EXPECT_EQ(index_select(x, 1, {2, 0, 2}).to_vector(), (Numbers{3, 1, 3, 6, 4, 6}));
  EXPECT_EQ(index_select(x, 0, IntTensor::zeros({0})).shape(), (Shape{0, 3}));
  EXPECT_EQ(gather(x, 1, IntTensor{{0, 0}, {2, 1}}).to_vector(), (Numbers{1, 1, 6, 5}));
  EXPECT_EQ(gather(x, 0, IntTensor{{1, 0, 1}}).to_vector(), (Numbers{4, 2, 6}));
}

TEST(Gather, TheGradientOfAnElementReadManyTimesIsAccurate) {
  const index_t n = 1'000'000;
  const Tensor x = zeros({2, 3}).set_requires_grad();
  index_select(x, 0, IntTensor::zeros({n})).backward(full({n, 3}, 0.1));
  expect_all_near(x.grad()[0], static_cast<double>(n) * tenth);
  EXPECT_EQ(x.grad()[1].to_vector(), (Numbers{0, 0, 0}));
  const Tensor y = zeros({2, 3}).set_requires_grad();
  index_select(y, 1, IntTensor::zeros({n})).backward(full({2, n}, 0.1));
  expect_all_near(y.grad().select(1, 0), static_cast<double>(n) * tenth);
  const Tensor z = zeros({2, 3}).set_requires_grad();
  gather(z, 1, IntTensor::zeros({2, n})).backward(full({2, n}, 0.1));
  expect_all_near(z.grad().select(1, 0), static_cast<double>(n) * tenth);
}

TEST(Gather, EmptyAxesAreSupported) {
  const Tensor x = zeros({2, 0}).set_requires_grad();
  sum(index_select(x, 0, {1, 1})).backward();
  sum(gather(x, 1, IntTensor::zeros({2, 0}))).backward();
  sum(cat({x, x})).backward();
  sum(pad(x, {1, 0})).backward();
  sum(flip(x, {1})).backward();
  EXPECT_EQ(x.grad().shape(), (Shape{2, 0}));
  EXPECT_EQ(index_select(zeros({0, 3}), 0, IntTensor::zeros({0})).shape(), (Shape{0, 3}));
}

TEST(Gather, RollsAndFlips) {
  EXPECT_EQ(roll(tensor({1, 2, 3, 4}), 1, 0).to_vector(), (Numbers{4, 1, 2, 3}));
  EXPECT_EQ(roll(tensor({1, 2, 3, 4}), -5, 0).to_vector(), (Numbers{2, 3, 4, 1}));
  EXPECT_EQ(roll(zeros({0}), 3, 0).numel(), 0);
  EXPECT_EQ(roll(tensor({1, 2, 3}), INT64_MIN, 0).shape(), (Shape{3}));
  EXPECT_EQ(flip(x, {0}).to_vector(), (Numbers{4, 5, 6, 1, 2, 3}));
  EXPECT_EQ(flip(x, {0, 1}).to_vector(), (Numbers{6, 5, 4, 3, 2, 1}));
}

TEST(Gather, PadsTheLastAxesFirst) {
  EXPECT_EQ(pad(tensor({1, 2}), {1, 2}).to_vector(), (Numbers{0, 1, 2, 0, 0}));
  const Tensor y = pad(x, {0, 1, 1, 0}, 9);
  EXPECT_EQ(y.to_vector(), (Numbers{9, 9, 9, 9, 1, 2, 3, 9, 4, 5, 6, 9}));
  EXPECT_EQ(pad(x, {}).to_vector(), x.to_vector());
}

TEST(Gather, ErrorsNameOpShapesAndRule) {
  EXPECT_EQ(error_of([] {
              pad(x, {INT64_MAX, 0});
            }),
            "[pad] too large: x (2, 3) padded by 9223372036854775807");
  EXPECT_EQ(error_of([] { cat({}); }), "[cat] expected at least one tensor, got none");
  EXPECT_EQ(error_of([] {
              cat({x, zeros({2, 4})});
            }),
            "[cat] expected parts with equal sizes except along axis 0, got (2, 3) for part 0 and (2, 4) for "
            "part 1");
  EXPECT_EQ(
      error_of([] {
        cat({x, zeros({2})});
      }),
      "[cat] expected parts with equal sizes except along axis 0, got (2, 3) for part 0 and (2) for part 1");
  EXPECT_EQ(error_of([] {
              cat({x, x}, 2);
            }),
            "[cat] axis 2 is out of range for (2, 3); it must be in [-2, 2)");
  expect_rejects_two_dtypes("cat", [](const Tensor& a, const Tensor& b) { cat({a, b}); });
  EXPECT_EQ(error_of([] { stack({}); }), "[stack] expected at least one tensor, got none");
  EXPECT_EQ(error_of([] {
              stack({x, zeros({3, 2})});
            }),
            "[stack] expected parts of one shape, got (2, 3) for part 0 and (3, 2) for part 1. Hint: cat() "
            "joins along an existing axis");
  EXPECT_EQ(error_of([] { index_select(x, 0, {2}); }),
            "[index_select] expected indices in [0, 2) for axis 0 of (2, 3), got 2 at position 0");
  EXPECT_EQ(error_of([] {
              index_select(x, 0, {0, -1});
            }),
            "[index_select] expected indices in [0, 2) for axis 0 of (2, 3), got -1 at position 1");
  EXPECT_EQ(error_of([] { index_select(x, 0, IntTensor{{0}}); }),
            "[index_select] expected indices (n), got (1, 1)");
  EXPECT_EQ(error_of([] { gather(x, 0, {0}); }),
            "[gather] expected indices with as many axes as x (2, 3), got (1)");
  EXPECT_EQ(error_of([] {
              gather(x, 0, IntTensor{{0, 0, 0, 0}});
            }),
            "[gather] expected indices no longer than x (2, 3) along axis 1, got (1, 4)");
  EXPECT_EQ(error_of([] { gather(x, 1, IntTensor{{3}}); }),
            "[gather] expected indices in [0, 3) for axis 1 of (2, 3), got 3 at position 0");
  EXPECT_EQ(error_of([] { roll(x, 1, 2); }),
            "[roll] axis 2 is out of range for (2, 3); it must be in [-2, 2)");
  EXPECT_EQ(error_of([] { flip(x, {}); }), "[flip] expected at least one axis, got none");
  EXPECT_EQ(error_of([] { pad(x, {1}); }),
            "[pad] expected two amounts per axis, at most 4 for x (2, 3), got 1");
  EXPECT_EQ(error_of([] {
              pad(x, {1, 1, 1, 1, 1, 1});
            }),
            "[pad] expected two amounts per axis, at most 4 for x (2, 3), got 6");
  EXPECT_EQ(error_of([] {
              pad(x, {-1, 0});
            }),
            "[pad] expected amounts >= 0, got -1 at position 0. Hint: slice() removes elements");
}

}  // namespace
}  // namespace heed
