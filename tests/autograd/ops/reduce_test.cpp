#include <cmath>
#include <functional>

#include "tests/autograd/ops/testing.h"

namespace heed {
namespace {

const Tensor x = tensor({{1, 2, 3}, {4, 5, 6}});

TEST(Reduce, SumAndMeanReduceTheNamedAxes) {
  EXPECT_EQ(sum(x).item(), 21);
  EXPECT_EQ(sum(x, 0).to_vector(), (Numbers{5, 7, 9}));
  EXPECT_EQ(sum(x, -1).to_vector(), (Numbers{6, 15}));
  EXPECT_EQ(sum(x, {0, 1}, true).shape(), (Shape{1, 1}));
  EXPECT_EQ(mean(x, 1, true).to_vector(), (Numbers{2, 5}));
  EXPECT_EQ(mean(x, 1, true).shape(), (Shape{2, 1}));
  EXPECT_EQ(x.sum(0).to_vector(), x.transpose(0, 1).sum(1).to_vector());
  EXPECT_EQ(sum(arange(0, 24).reshape({2, 3, 4}), {0, 2}).to_vector(), (Numbers{60, 92, 124}));
}

TEST(Reduce, TheGradientOfMeanIsOneOverN) {  // AG-17
  const Tensor w = zeros({4}).set_requires_grad();
  mean(w).backward();
  EXPECT_EQ(w.grad().to_vector(), Numbers(4, 0.25));
}

TEST(Reduce, VarianceIsAccurateFarFromZero) {
  EXPECT_EQ(var(tensor({1, 2, 3, 4}, f64)).item(), 5.0 / 3);
  EXPECT_EQ(var(tensor({1, 2, 3, 4}, f64), {}, 0).item(), 1.25);
  // The one-pass formula would give 0 or a negative number here.
  EXPECT_NEAR(var(tensor({10000, 10001, 10002, 10003})).item(), 5.0 / 3, 1e-6);
  EXPECT_TRUE(std::isnan(var(tensor({1})).item())) << "one sample has no variance, as in PyTorch";
}

TEST(Reduce, AnEmptySumIsZero) {
  EXPECT_EQ(sum(zeros({0})).item(), 0);
  EXPECT_EQ(sum(zeros({2, 0}), 1).to_vector(), (Numbers{0, 0}));
  EXPECT_EQ(sum(zeros({2, 0}), 0).shape(), (Shape{0}));
  EXPECT_TRUE(std::isnan(mean(zeros({0})).item()));
}

TEST(Reduce, MaxAndMinReturnTheFirstIndex) {
  const Tensor y = tensor({{3, 9, 9}, {-1, -5, -5}});
  EXPECT_EQ(max(y, 1).values.to_vector(), (Numbers{9, -1}));
  EXPECT_EQ(max(y, 1).indices, IntTensor({1, 0}));
  EXPECT_EQ(min(y, 1).values.to_vector(), (Numbers{3, -5}));
  EXPECT_EQ(min(y, 1).indices, IntTensor({0, 1}));
  EXPECT_EQ(max(y, 0).indices, IntTensor({0, 0, 0}));
  EXPECT_EQ(max(y, 1, true).values.shape(), (Shape{2, 1}));
  EXPECT_EQ(max(y, 1, true).indices.shape(), (Shape{2, 1}));
  EXPECT_EQ(argmax(y, -1), IntTensor({1, 0}));
  EXPECT_EQ(max(y).item(), 9);
  EXPECT_EQ(min(y).item(), -5);
  EXPECT_TRUE(std::isnan(max(tensor({1, NAN, 2})).item()));
  EXPECT_EQ(argmax(tensor({1, NAN, 2}), 0), IntTensor(std::vector<index_t>{1}, {}));
}

TEST(Reduce, TopkIsSortedAndStable) {
  const auto [values, indices] = topk(tensor({{1, 5, 5, 2}, {-1, -3, -2, -4}}), 3);
  EXPECT_EQ(values.to_vector(), (Numbers{5, 5, 2, -1, -2, -3}));
  EXPECT_EQ(indices, IntTensor({{1, 2, 3}, {0, 2, 1}}));
  EXPECT_EQ(topk(x, 0).values.shape(), (Shape{2, 0}));
  EXPECT_EQ(topk(tensor({1, NAN, 3}), 1).indices, IntTensor({1}));
}

// ---- long sums ---------------------------------------------------------------------------

TEST(Reduce, LongSumsAreAccurateAlongEveryAxis) {
  const index_t n = 4'000'000;
  const Tensor x = full({n, 1}, 0.1);
  expect_all_near(sum(x, 0), static_cast<double>(n) * tenth);
  expect_all_near(sum(x), static_cast<double>(n) * tenth);
  expect_all_near(sum(x.transpose(0, 1), -1), static_cast<double>(n) * tenth);
  expect_all_near(mean(x, 0), tenth);
  const index_t m = 100'000;
  for (const index_t columns : {2, 7, 33}) {
    expect_all_near(sum(full({m, columns}, 0.1), 0), static_cast<double>(m) * tenth);
    expect_all_near(sum(full({2, m, columns}, 0.1), 1), static_cast<double>(m) * tenth);
    expect_all_near(sum(full({m, 2, columns}, 0.1), {0, 1}), static_cast<double>(2 * m) * tenth);
    expect_all_near(mean(full({columns, m}, 0.1), 1), tenth);
  }
}

TEST(Reduce, LongVariancesAreAccurate) {
  const index_t n = 1'000'000;
  const Tensor half = full({n, 1}, 0.1), x = cat({half, neg(half)});
  const double expected = tenth * tenth * 2.0 * static_cast<double>(n) / (2.0 * static_cast<double>(n) - 1);
  expect_all_near(var(x), expected);
  expect_all_near(var(x, 0), expected);
}

TEST(Reduce, LongLogsumexpAndSumToAreAccurate) {
  const index_t n = 1'000'000;
  EXPECT_NEAR(logsumexp(full({n}, 0.1), 0).item(), tenth + std::log(static_cast<double>(n)), 2e-6);
  expect_all_near(sum_to(full({n, 3}, 0.1), {3}), static_cast<double>(n) * tenth);
  expect_all_near(sum_to(full({3, n}, 0.1), {3, 1}), static_cast<double>(n) * tenth);
  const Tensor x = full({1, 3}, 1).set_requires_grad();
  x.expand({n, 3}).backward(full({n, 3}, 0.1));
  expect_all_near(x.grad(), static_cast<double>(n) * tenth);
}

// ---- infinities, NaN and empty axes ------------------------------------------------------

TEST(Reduce, TheGradientOfMaxGoesToTheNaN) {
  for (const auto f :
       {static_cast<Tensor (*)(const Tensor&)>(max), static_cast<Tensor (*)(const Tensor&)>(min)}) {
    const Tensor one = tensor({1, NAN, 3}).set_requires_grad();
    f(one).backward();
    EXPECT_EQ(one.grad().to_vector(), (Numbers{0, 1, 0}));
    const Tensor two = tensor({NAN, 2, NAN}).set_requires_grad();
    f(two).backward();
    EXPECT_EQ(two.grad().to_vector(), (Numbers{0.5, 0, 0.5}));
    const Tensor inf = tensor({INFINITY, -INFINITY, 0}).set_requires_grad();
    f(inf).backward();
    EXPECT_EQ(sum(inf.grad()).item(), 1);
  }
  const Tensor x = tensor({{1, NAN, 3}, {NAN, NAN, 1}}).set_requires_grad();
  sum(max(x, 1).values).backward();
  sum(min(x, 1).values).backward();
  sum(topk(x, 1).values).backward();
  EXPECT_EQ(x.grad().to_vector(), (Numbers{0, 3, 0, 3, 0, 0}));
  EXPECT_EQ(min(x, 1).indices, IntTensor({1, 0}));
}

TEST(Reduce, TheGradientOfLogsumexpGoesToTheInfinities) {
  const Tensor x =
      tensor({{INFINITY, 0, 1}, {INFINITY, INFINITY, 1}, {INFINITY, -INFINITY, 0}, {0, 0, -INFINITY}})
          .set_requires_grad();
  sum(logsumexp(x, 1)).backward();
  EXPECT_EQ(x.grad().to_vector(), (Numbers{1, 0, 0, 0.5, 0.5, 0, 1, 0, 0, 0.5, 0.5, 0}));
  const Tensor column = tensor({{INFINITY, 0}, {0, 0}}).set_requires_grad();
  sum(logsumexp(column, 0, true)).backward();
  EXPECT_EQ(column.grad().to_vector(), (Numbers{1, 0.5, 0, 0.5}));
  const Tensor nan = tensor({NAN, 0}).set_requires_grad();
  logsumexp(nan, 0).backward();
  EXPECT_TRUE(std::isnan(nan.grad().at({1})));
}

TEST(Reduce, VarianceOverTooFewElementsFollowsPyTorch) {
  EXPECT_TRUE(std::isnan(var(tensor({2, 2}), {}, 2).item()));
  EXPECT_EQ(var(tensor({1, 2}), {}, 5).item(), INFINITY);
  EXPECT_TRUE(std::isnan(var(zeros({2, 0}), 1).at({0})));
  const Tensor x = tensor({INFINITY, 0, 1}).set_requires_grad();
  var(x).backward();
  EXPECT_TRUE(std::isnan(x.grad().at({0})));
  EXPECT_EQ(x.grad().at({1}), -INFINITY);
}

TEST(Reduce, EmptyAxesFollowPyTorch) {
  const Tensor x = zeros({2, 0}).set_requires_grad();
  EXPECT_EQ(logsumexp(x, 1).to_vector(), (Numbers{-INFINITY, -INFINITY}));
  EXPECT_EQ(logsumexp(x, -1, true).shape(), (Shape{2, 1}));
  EXPECT_EQ(logsumexp(zeros({0}), 0).item(), -INFINITY);
  EXPECT_EQ(logsumexp(x, 0).shape(), (Shape{0}));
  EXPECT_EQ(sum(x, 1).to_vector(), (Numbers{0, 0}));
  for (const double value : mean(x, 1).to_vector()) EXPECT_TRUE(std::isnan(value));
  EXPECT_TRUE(std::isnan(var(zeros({0})).item()));
  EXPECT_EQ(max(zeros({0, 3}), 1).values.shape(), (Shape{0}));
  EXPECT_EQ(topk(x, 0).values.shape(), (Shape{2, 0}));
  (sum(logsumexp(x, 1)) + sum(x) + sum(var(x, 1)) + sum(mean(x, 1))).backward();
  EXPECT_EQ(x.grad().shape(), (Shape{2, 0}));
}

TEST(Reduce, LogsumexpDoesNotOverflow) {
  EXPECT_NEAR(logsumexp(tensor({1000, 1000}), 0).item(), 1000 + std::log(2), 1e-4);
  EXPECT_EQ(logsumexp(tensor({-INFINITY, -INFINITY}), 0).item(), -INFINITY);
  EXPECT_EQ(logsumexp(tensor({INFINITY, 0}), 0).item(), INFINITY);
  EXPECT_EQ(logsumexp(x, -1, true).shape(), (Shape{2, 1}));
  const Tensor hidden = full({2}, -INFINITY).set_requires_grad();
  logsumexp(hidden, 0).backward();
  EXPECT_EQ(hidden.grad().to_vector(), (Numbers{0, 0}));
}

TEST(Reduce, SumToUndoesBroadcasting) {
  EXPECT_EQ(sum_to(x, {3}).to_vector(), (Numbers{5, 7, 9}));
  EXPECT_EQ(sum_to(x, {2, 1}).to_vector(), (Numbers{6, 15}));
  EXPECT_EQ(sum_to(x, {2, 1}).shape(), (Shape{2, 1}));
  EXPECT_EQ(sum_to(x, {}).item(), 21);
  EXPECT_EQ(error_of([] { sum_to(x, {4}); }),
            "[sum_to] shapes (2, 3) and (4) do not broadcast: axis -1 has 3 and 4; aligned at the right, "
            "sizes must be equal or 1");
  EXPECT_EQ(error_of([] {
              sum_to(x, {5, 2, 3});
            }),
            "[sum_to] expected a shape that broadcasts to x (2, 3), got (5, 2, 3)");
}

TEST(Reduce, ErrorsNameOpShapesAndRule) {
  for (const auto& op_and_call :
       std::vector<std::pair<const char*, std::function<void(const Tensor&, index_t)>>>{
           {"sum", [](const Tensor&t, index_t a) { sum(t, Axes{a}); }},
           {"mean", [](const Tensor&t, index_t a) { mean(t, Axes{a}); }},
           {"var", [](const Tensor&t, index_t a) { var(t, Axes{a}); }},
           {"max", [](const Tensor&t, index_t a) { max(t, a); }},
           {"min", [](const Tensor&t, index_t a) { min(t, a); }},
           {"argmax", [](const Tensor&t, index_t a) { argmax(t, a); }},
           {"logsumexp", [](const Tensor&t, index_t a) { logsumexp(t, a); }}}) {
    const char* name = op_and_call.first;
    const auto& f = op_and_call.second;
    EXPECT_EQ(error_of([&] { f(x, 2); }),
              concat("[", name, "] axis 2 is out of range for (2, 3); it must be in [-2, 2)"));
    expect_rejects_undefined(name, [&f](const Tensor& t) { f(t, 0); });
  }
  EXPECT_EQ(error_of([] { sum(x, {0, -2}); }), "[sum] expected each axis once, got (0, -2) for shape (2, 3)");
  EXPECT_EQ(error_of([] {
              max(zeros({2, 0}), 1);
            }),
            "[max] expected at least one element along axis 1, got x (2, 0)");
  EXPECT_EQ(error_of([] { argmax(zeros({0}), 0); }),
            "[argmax] expected at least one element along axis 0, got x (0)");
  EXPECT_EQ(error_of([] { min(zeros({0})); }), "[min] expected at least one element, got x (0)");
  EXPECT_EQ(error_of([] { topk(x, 4); }),
            "[topk] expected k in [0, 3], the size of the last axis, got 4 for x (2, 3)");
  EXPECT_EQ(error_of([] { topk(x, -1); }),
            "[topk] expected k in [0, 3], the size of the last axis, got -1 for x (2, 3)");
  EXPECT_EQ(error_of([] { topk(scalar(1), 1); }), "[topk] expected at least one axis, got x ()");
}

}  // namespace
}  // namespace heed
