// matmul_test.cpp — matmul against its definition, three loops over at().
#include "tests/autograd/ops/testing.h"

namespace heed {
namespace {

Tensor by_definition(const Tensor& a, const Tensor& b) {
  Tensor y = zeros({a.size(0), b.size(1)}, f64);
  for (index_t i = 0; i < a.size(0); ++i)
    for (index_t j = 0; j < b.size(1); ++j) {
      double s = 0;
      for (index_t k = 0; k < a.size(1); ++k) s += a.at({i, k}) * b.at({k, j});
      y.set({i, j}, s);
    }
  return y;
}

TEST(Matmul, MatchesItsDefinition) {
  EXPECT_EQ(matmul(tensor({{1, 2}, {3, 4}}), tensor({{5, 6}, {7, 8}})).to_vector(),
            (Numbers{19, 22, 43, 50}));
  for (const index_t m : {1, 5, 17})
    for (const index_t k : {1, 8, 33})
      for (const index_t n : {1, 7, 65}) {
        const Tensor a = noise({m, k}, 1, f64), b = noise({k, n}, 2, f64);
        expect_close(matmul(a, b), by_definition(a, b), 1e-13);
        // All four layouts are read in place.
        const Tensor at = a.transpose(0, 1).contiguous().transpose(0, 1),
                     bt = b.transpose(0, 1).contiguous().transpose(0, 1);
        expect_same_bits(matmul(at, b), matmul(a, b));
        expect_same_bits(matmul(a, bt), matmul(a, b));
        expect_same_bits(matmul(at, bt), matmul(a, b));
      }
}

TEST(Matmul, GradientsUseTransposes) {  // AG-09
  const Tensor a = tensor({{1, 2}, {3, 4}}).set_requires_grad(),
               b = tensor({{5, 6}, {7, 8}}).set_requires_grad();
  sum(matmul(a, b)).backward();
  EXPECT_EQ(a.grad().to_vector(), (Numbers{11, 15, 11, 15}));
  EXPECT_EQ(b.grad().to_vector(), (Numbers{4, 4, 6, 6}));
}

TEST(Matmul, ASharedMatrixGetsTheSumOfTheGradientsOfTheBatch) {  // AG-10
  const Tensor w = ones({2, 1}).set_requires_grad();
  sum(matmul(ones({2, 1, 2}), w)).backward();
  EXPECT_EQ(w.grad().to_vector(), (Numbers{2, 2}));
}

TEST(Matmul, BatchesBroadcast) {
  const Tensor a = noise({2, 1, 3, 4}, 1, f64), b = noise({5, 4, 2}, 2, f64), y = matmul(a, b);
  ASSERT_EQ(y.shape(), (Shape{2, 5, 3, 2}));
  expect_close(y[1][3], by_definition(a[1][0], b[3]), 1e-14);
  expect_close(matmul(a, b[0])[1][0], by_definition(a[1][0], b[0]), 1e-14);
  expect_close(matmul(a[0][0], b)[4], by_definition(a[0][0], b[4]), 1e-14);
}

TEST(Matmul, AVectorIsARowOnTheLeftAndAColumnOnTheRight) {
  const Tensor v = tensor({1, 2}), m = tensor({{1, 2}, {3, 4}});
  EXPECT_EQ(matmul(v, v).item(), 5);
  EXPECT_EQ(matmul(v, v).shape(), Shape{});
  EXPECT_EQ(matmul(v, m).to_vector(), (Numbers{7, 10}));
  EXPECT_EQ(matmul(m, v).to_vector(), (Numbers{5, 11}));
  EXPECT_EQ(matmul(ones({3, 2, 2}), v).shape(), (Shape{3, 2}));
}

TEST(Matmul, ViewsOfAnyStridesAreSupported) {
  const Tensor heads = noise({2, 3, 2, 4}, 1, f64).transpose(1, 2);  // (B, H, T, D), never copied
  const Tensor y = matmul(heads, heads.transpose(-2, -1));
  expect_close(y[1][0], by_definition(heads[1][0], heads[1][0].transpose(0, 1)), 1e-14);
  const Tensor stepped = noise({6, 6}, 2, f64).slice(0, 0, 6, 2).slice(1, 1, 6, 2);
  expect_close(matmul(stepped, stepped), by_definition(stepped, stepped), 1e-14);
  const Tensor row = noise({1, 4}, 3, f64).expand({3, 4});
  expect_close(matmul(row, row.transpose(0, 1)), by_definition(row, row.transpose(0, 1)), 1e-14);
}

TEST(Matmul, EmptySumsAreZero) {
  EXPECT_EQ(matmul(zeros({2, 0}), zeros({0, 3})).to_vector(), Numbers(6, 0));
  EXPECT_EQ(matmul(zeros({0, 2}), zeros({2, 3})).shape(), (Shape{0, 3}));
  EXPECT_EQ(matmul(zeros({0, 2, 2}), zeros({2, 3})).shape(), (Shape{0, 2, 3}));
}

// The gradient of the weight does not read the weight, so changing it before backward is an error
// only if the input requires a gradient.
TEST(Linear, AWeightMayChangeBeforeBackwardIfTheInputNeedsNoGradient) {
  Tensor w = ones({2, 3}).set_requires_grad();
  const Tensor y = sum(linear(tensor({{1, 2, 3}}), w));
  {
    const NoGrad no_grad;
    w.fill_(7);
  }
  y.backward();
  EXPECT_EQ(w.grad().to_vector(), (Numbers{1, 2, 3, 1, 2, 3}));

  const Tensor x = ones({1, 3}).set_requires_grad(), z = sum(linear(x, w));
  {
    const NoGrad no_grad;
    w.fill_(8);
  }
  expect_contains(error_of([&] { z.backward(); }),
                  "[backward] linear saved a tensor (2, 3) that was changed in place");
}

TEST(Linear, IsATransposedMatmulAndABias) {
  const Tensor x = noise({2, 3, 4}, 1, f64), w = noise({5, 4}, 2, f64), b = noise({5}, 3, f64);
  expect_close(linear(x, w, b), matmul(x, w.transpose(0, 1)) + b, 1e-14);
  expect_close(linear(x, w), matmul(x, w.transpose(0, 1)), 1e-14);
  EXPECT_EQ(linear(zeros({0, 4}), zeros({5, 4})).shape(), (Shape{0, 5}));
  EXPECT_EQ(linear(zeros({3, 0}), zeros({5, 0}), ones({5})).to_vector(), Numbers(15, 1));
}

TEST(Linear, LongBiasGradientsAreAccurate) {
  const index_t n = 1'000'000;
  for (const auto f : {linear, linear_relu}) {
    const Tensor bias = ones({3}).set_requires_grad();
    f(zeros({n, 1}), zeros({3, 1}), bias).backward(full({n, 3}, 0.1));
    expect_all_near(bias.grad(), static_cast<double>(n) * tenth);
  }
}

TEST(Linear, EmptyAxesAreSupported) {
  const Tensor weight = zeros({3, 0}).set_requires_grad(), bias = tensor({1, 2, 3}).set_requires_grad();
  const Tensor y = linear(zeros({2, 0}), weight, bias);
  EXPECT_EQ(y.to_vector(), (Numbers{1, 2, 3, 1, 2, 3}));
  sum(y).backward();
  EXPECT_EQ(bias.grad().to_vector(), (Numbers{2, 2, 2}));
  EXPECT_EQ(weight.grad().shape(), (Shape{3, 0}));
  const Tensor used = ones({3, 4}).set_requires_grad();
  sum(linear(zeros({0, 4}), used)).backward();
  EXPECT_EQ(used.grad().to_vector(), Numbers(12, 0));
  const Tensor a = ones({2, 0}).set_requires_grad();
  sum(matmul(a, zeros({0, 3}))).backward();
  EXPECT_EQ(a.grad().shape(), (Shape{2, 0}));
}

TEST(Matmul, ErrorsNameOpShapesAndRule) {
  EXPECT_EQ(
      error_of([] {
        matmul(ones({2, 3}), ones({4, 5}));
      }),
      "[matmul] expected a to have as many columns as b has rows, got (2, 3) x (4, 5): 3 columns and 4 rows");
  EXPECT_EQ(
      error_of([] {
        matmul(ones({2, 3}), ones({4, 3}));
      }),
      "[matmul] expected a to have as many columns as b has rows, got (2, 3) x (4, 3): 3 columns and 4 rows. "
      "Hint: b.transpose(-2, -1) would fit");
  EXPECT_EQ(error_of([] { matmul(ones({3}), ones({4})); }),
            "[matmul] expected a to have as many columns as b has rows, got (3) x (4): 3 columns and 4 rows");
  EXPECT_EQ(
      error_of([] { matmul(scalar(1), ones({4})); }),
      "[matmul] expected operands with at least one axis, got () x (4). Hint: use * to multiply by a number");
  EXPECT_EQ(error_of([] {
              matmul(ones({2, 1, 3}), ones({3, 3, 1}));
            }),
            "[matmul] shapes (2) and (3) do not broadcast: axis -1 has 2 and 3; aligned at the right, sizes "
            "must be equal or 1");
  expect_rejects_undefined("matmul", [](const Tensor& t) { matmul(t, ones({1})); });
  expect_rejects_two_dtypes("matmul", [](const Tensor& a, const Tensor& b) { matmul(a, b); });
  EXPECT_EQ(error_of([] {
              linear(ones({2, 3}), ones({5, 4}));
            }),
            "[linear] expected x (..., in) and weight (out, in), got x (2, 3) and weight (5, 4)");
  EXPECT_EQ(error_of([] {
              linear(scalar(1), ones({5, 1}));
            }),
            "[linear] expected x (..., in) and weight (out, in), got x () and weight (5, 1)");
  EXPECT_EQ(error_of([] {
              linear(ones({2, 4}), ones({5, 4}), ones({4}));
            }),
            "[linear] expected bias (out) = (5) for weight (5, 4), got (4)");
}

}  // namespace
}  // namespace heed
