#include <cmath>

#include "tests/autograd/ops/testing.h"

namespace heed {
namespace {

TEST(Softmax, RowsSumToOne) {
  const Tensor x = noise({3, 4, 5}, 1, f64);
  for (const index_t axis : {0, 1, 2, -1})
    expect_close(sum(softmax(x, axis), Axes{axis}), ones(sum(x, Axes{axis}).shape(), f64), 1e-14);
  expect_close(softmax(tensor({0, std::log(3)}, f64), 0), tensor({0.25, 0.75}, f64), 1e-15);
}

TEST(Softmax, DoesNotOverflow) {  // SD-16
  expect_close(softmax(tensor({1000, 1001, 1002}), 0), tensor({0.0900, 0.2447, 0.6652}), 1e-4);
  expect_close(softmax(tensor({-1000, -1001}), 0), tensor({0.7311, 0.2689}), 1e-4);
  EXPECT_EQ(softmax(tensor({-INFINITY, 0}), 0).to_vector(), (Numbers{0, 1}));
}

TEST(Softmax, EveryOutputDependsOnEveryInput) {  // AG-16
  const Tensor x = zeros({2}, f64).set_requires_grad();
  softmax(x, 0).backward(tensor({1, 0}, f64));
  EXPECT_EQ(x.grad().to_vector(), (Numbers{0.25, -0.25}));
}

TEST(Softmax, MaskedElementsAreZero) {
  const Tensor x = tensor({{1, 2, 3}, {1, 2, 3}});
  const Tensor y = masked_softmax(x, Mask::of({{1, 1, 0}, {0, 0, 0}}));
  expect_close(y, tensor({{0.2689, 0.7311, 0}, {0, 0, 0}}), 1e-4);
  EXPECT_EQ(y.at({0, 2}), 0);
  EXPECT_EQ(y[1].to_vector(), (Numbers{0, 0, 0})) << "a row that may attend to nothing is 0, never NaN";
  expect_same_bits(masked_softmax(x, Mask::of({1, 1, 1})), softmax(x, -1));
  // A masked element has no influence, even if it is NaN.
  expect_same_bits(masked_softmax(tensor({{1, 2, NAN}}), Mask::of({1, 1, 0})),
                   masked_softmax(tensor({{1, 2, 7}}), Mask::of({1, 1, 0})));
}

TEST(LogSoftmax, StaysInRange) {  // AG-19
  expect_close(log_softmax(tensor({1000, 0}), 0), tensor({0, -1000}));
  expect_close(exp(log_softmax(noise({2, 5}, 1, f64), -1)), softmax(noise({2, 5}, 1, f64), -1), 1e-15);
  expect_close(log_softmax(noise({2, 5}, 1, f64), 0),
               log_softmax(noise({2, 5}, 1, f64).transpose(0, 1), 1).transpose(0, 1), 1e-15);
}

TEST(Softmax, LongRowsAreAccurate) {
  const index_t n = 4'000'000;
  const Tensor x = full({n}, 0.1).set_requires_grad();
  expect_all_near(softmax(x, 0).slice(0, 0, 5), 1 / static_cast<double>(n));
  expect_all_near(log_softmax(x, 0).slice(0, 0, 5), -std::log(static_cast<double>(n)));
  expect_all_near(masked_softmax(x, Mask::full({1}, true)).slice(0, 0, 5), 1 / static_cast<double>(n));
  // dx = dy - exp(y) * sum(dy), and the sum is n * 0.1
  const Tensor rows = zeros({n}).set_requires_grad();
  const Tensor dy = cat({ones({1}), full({n - 1}, 0.1)});
  log_softmax(rows, 0).backward(dy);
  EXPECT_NEAR(rows.grad().at({0}), 1 - tenth, 1e-6);
}

TEST(Softmax, InfinityGivesNaNAsInPyTorch) {
  for (const auto f : {softmax, log_softmax})
    for (const Tensor& x : {tensor({INFINITY, 0}), tensor({-INFINITY, -INFINITY}), tensor({NAN, 0})})
      for (const double value : f(x, 0).to_vector()) EXPECT_TRUE(std::isnan(value));
}

TEST(Softmax, ErrorsNameOpShapesAndRule) {
  EXPECT_EQ(error_of([] {
              softmax(ones({2, 3}), 2);
            }),
            "[softmax] axis 2 is out of range for (2, 3); it must be in [-2, 2)");
  EXPECT_EQ(error_of([] { softmax(scalar(1), 0); }), "[softmax] expected at least one axis, got x ()");
  EXPECT_EQ(error_of([] { log_softmax(scalar(1), 0); }),
            "[log_softmax] expected at least one axis, got x ()");
  EXPECT_EQ(error_of([] { masked_softmax(ones({2}), Mask()); }),
            "[masked_softmax] expected a mask, got an undefined mask. Hint: softmax() takes none");
  EXPECT_EQ(error_of([] {
              masked_softmax(ones({3}), Mask::of({{1, 1, 1}, {1, 1, 1}}));
            }),
            "[masked_softmax] expected a mask that broadcasts to x (3), got (2, 3)");
  expect_rejects_undefined("softmax", [](const Tensor& t) { softmax(t, 0); });
  EXPECT_EQ(softmax(zeros({2, 0}), -1).shape(), (Shape{2, 0}));
  EXPECT_EQ(softmax(zeros({0, 2}), 0).shape(), (Shape{0, 2}));
}

}  // namespace
}  // namespace heed
