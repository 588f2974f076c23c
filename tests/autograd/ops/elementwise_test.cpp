// elementwise_test.cpp — values computed by hand. Gradients are in the gradcheck table, and
// agreement with PyTorch is in tests/golden.
#include <cmath>
#include <limits>

#include "tests/autograd/ops/testing.h"

namespace heed {
namespace {

TEST(Elementwise, ArithmeticBroadcasts) {
  const Tensor a = tensor({{1, 2, 3}, {4, 5, 6}}), row = tensor({10, 20, 30}),
               column = tensor({{100}, {200}});
  EXPECT_EQ((a + row).to_vector(), (Numbers{11, 22, 33, 14, 25, 36}));
  EXPECT_EQ((row - a).to_vector(), (Numbers{9, 18, 27, 6, 15, 24}));
  EXPECT_EQ((a * column).to_vector(), (Numbers{100, 200, 300, 800, 1000, 1200}));
  EXPECT_EQ((column / tensor({1, 2, 4})).to_vector(), (Numbers{100, 50, 25, 200, 100, 50}));
  EXPECT_EQ((row + column).to_vector(), (Numbers{110, 120, 130, 210, 220, 230}));
  EXPECT_EQ(pow(a, tensor({{0}, {2}})).to_vector(), (Numbers{1, 1, 1, 16, 25, 36}));
  EXPECT_EQ(maximum(a, scalar(3)).to_vector(), (Numbers{3, 3, 3, 4, 5, 6}));
  EXPECT_EQ(minimum(a, scalar(3)).to_vector(), (Numbers{1, 2, 3, 3, 3, 3}));
}

// Every way in which rows and single numbers can alternate over the axes, against the definition.
TEST(Elementwise, BroadcastingOverAnyAxesMatchesItsDefinition) {
  for (int mask_a = 0; mask_a < 16; ++mask_a)
    for (int mask_b = 0; mask_b < 16; ++mask_b) {
      const Shape full{2, 3, 4, 5};
      Shape sa = full, sb = full;
      for (int axis = 0; axis < 4; ++axis) {
        if (mask_a >> axis & 1) sa[axis] = 1;
        if (mask_b >> axis & 1) sb[axis] = 1;
      }
      const Tensor a = noise(sa, 1, f64), b = noise(sb, 2, f64), y = a - b;
      const Shape common = broadcast_shapes("test", sa, sb);
      const auto ea = a.expand(common).to_vector(), eb = b.expand(common).to_vector(), got = y.to_vector();
      ASSERT_EQ(y.shape(), common);
      for (std::size_t i = 0; i < got.size(); ++i)
        ASSERT_EQ(got[i], ea[i] - eb[i]) << sa << " " << sb << " " << i;
    }
}

TEST(Elementwise, ANumberMayBeEitherOperand) {
  const Tensor x = tensor({1, 2, 4});
  EXPECT_EQ((x + 1.0).to_vector(), (1.0 + x).to_vector());
  EXPECT_EQ((x - 1.0).to_vector(), (Numbers{0, 1, 3}));
  EXPECT_EQ((1.0 - x).to_vector(), (Numbers{0, -1, -3}));
  EXPECT_EQ((x * 3.0).to_vector(), (3.0 * x).to_vector());
  EXPECT_EQ((x / 4.0).to_vector(), (Numbers{0.25, 0.5, 1}));
  EXPECT_EQ((4.0 / x).to_vector(), (Numbers{4, 2, 1}));
  EXPECT_EQ(pow(x, 2.0).to_vector(), (Numbers{1, 4, 16}));
  EXPECT_EQ((tensor({1}) / 49.0).item(), 1.0F / 49.0F) << "a division, not a multiplication by the inverse";
}

TEST(Elementwise, FunctionsMatchTheirDefinitions) {
  const Tensor x = tensor({-3, -0.5, 0, 0.5, 3}, f64);
  const auto check_function = [&](const Tensor& y, double (*f)(double)) {
    const auto in = x.to_vector(), out = y.to_vector();
    for (std::size_t i = 0; i < in.size(); ++i)
      EXPECT_NEAR(out[i], f(in[i]), 1e-15 * std::max(1.0, std::abs(f(in[i])))) << in[i];
  };
  check_function(exp(x), [](double v) { return std::exp(v); });
  check_function(tanh(x), [](double v) { return std::tanh(v); });
  check_function(sigmoid(x), [](double v) { return 1 / (1 + std::exp(-v)); });
  check_function(relu(x), [](double v) { return std::max(v, 0.0); });
  check_function(abs(x), [](double v) { return std::abs(v); });
  check_function(-x, [](double v) { return -v; });
  check_function(gelu(x), [](double v) { return v / 2 * std::erfc(-v / std::sqrt(2)); });
  check_function(gelu(x, Gelu::tanh), [](double v) {
    return v / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v)));
  });
  check_function(silu(x), [](double v) { return v / (1 + std::exp(-v)); });
  const Tensor positive = tensor({0.25, 1, 9}, f64);
  EXPECT_EQ(sqrt(positive).to_vector(), (Numbers{0.5, 1, 3}));
  expect_close(rsqrt(positive), tensor({2, 1, 1.0 / 3}, f64), 1e-15);
  expect_close(log(positive), tensor({std::log(0.25), 0, std::log(9)}, f64), 1e-15);
}

TEST(Elementwise, ExtremesFollowIeee754) {
  const double inf = INFINITY;
  EXPECT_EQ(exp(tensor({1000, -1000, -inf})).to_vector(), (Numbers{inf, 0, 0}));
  EXPECT_EQ(log(tensor({0, inf})).to_vector(), (Numbers{-inf, inf}));
  EXPECT_TRUE(std::isnan(log(tensor({-1})).item()));
  EXPECT_TRUE(std::isnan(sqrt(tensor({-1})).item()));
  EXPECT_EQ((tensor({1, -1}) / tensor({0, 0})).to_vector(), (Numbers{inf, -inf}));
  EXPECT_EQ(sigmoid(tensor({1000, -1000})).to_vector(), (Numbers{1, 0}));
  EXPECT_EQ(tanh(tensor({1000, -1000})).to_vector(), (Numbers{1, -1}));
  EXPECT_EQ(gelu(tensor({100, -100})).to_vector(), (Numbers{100, 0}));
  for (const auto f : {exp, log, sqrt, tanh, sigmoid, relu, abs, silu})
    EXPECT_TRUE(std::isnan(f(tensor({NAN})).item())) << "NaN propagates";
  EXPECT_TRUE(std::isnan(maximum(tensor({NAN}), tensor({1})).item()));
  EXPECT_TRUE(std::isnan(maximum(tensor({1}), tensor({NAN})).item()));
}

TEST(Elementwise, GradientsAtCornersFollowPyTorch) {
  Tensor x = tensor({0}).set_requires_grad();
  relu(x).backward();
  EXPECT_EQ(x.grad().item(), 0);
  x.zero_grad();
  abs(x).backward();
  EXPECT_EQ(x.grad().item(), 0);
  const Tensor a = tensor({2}).set_requires_grad(), b = tensor({2}).set_requires_grad();
  maximum(a, b).backward();
  EXPECT_EQ(a.grad().item(), 0.5);
  EXPECT_EQ(b.grad().item(), 0.5);
}

TEST(Elementwise, GradientsAtNaNAndInfinityFollowPyTorch) {
  const auto gradient = [](Tensor (*f)(const Tensor&), double at, double dy = 1) {
    const Tensor x = tensor({at}).set_requires_grad();
    f(x).backward(tensor({dy}));
    return x.grad().item();
  };
  EXPECT_EQ(gradient(relu, NAN), 1);
  EXPECT_EQ(gradient(relu, 0, INFINITY), 0);
  EXPECT_EQ(gradient(abs, NAN), 0);
  EXPECT_EQ(gradient(abs, -INFINITY), -1);
  EXPECT_TRUE(std::isnan(gradient(abs, 0, INFINITY)));
  EXPECT_EQ(gradient(sqrt, 0), INFINITY);
  EXPECT_EQ(gradient(rsqrt, 0), -INFINITY);
  for (const auto f : {maximum, minimum})
    for (const double other : {1.0, double{INFINITY}, double{NAN}}) {
      const Tensor a = tensor({NAN}).set_requires_grad(), b = tensor({other}).set_requires_grad();
      f(a, b).backward(tensor({3}));
      f(b, a).backward(tensor({3}));
      EXPECT_EQ(a.grad().item(), 6);
      EXPECT_EQ(b.grad().item(), 6);
    }
}

TEST(Elementwise, GradientsOfPowersOfZeroFollowPyTorch) {
  const Tensor a = tensor({0, 0, 0, 0}).set_requires_grad(), b = tensor({0, 2, -1, 1}).set_requires_grad();
  pow(a, b).backward(ones({4}));
  EXPECT_EQ(a.grad().to_vector(), (Numbers{0, 0, -INFINITY, 1}));
  EXPECT_EQ(b.grad().to_vector(), (Numbers{0, 0, -INFINITY, 0}));
  const Tensor x = zeros({2}).set_requires_grad(), zero = zeros({2}).set_requires_grad();
  pow(x, zero).backward(full({2}, INFINITY));
  EXPECT_EQ(x.grad().to_vector(), (Numbers{0, 0}));
  EXPECT_TRUE(std::isnan(zero.grad().at({0})));
}

TEST(Elementwise, ClampWithLowAboveHighGivesHigh) {
  const Tensor x = tensor({0, 1.5, 3, NAN}).set_requires_grad();
  const Tensor y = clamp(x, 2, 1);
  EXPECT_EQ(y.slice(0, 0, 3).to_vector(), (Numbers{1, 1, 1}));
  EXPECT_TRUE(std::isnan(y.at({3})));
  sum(y).backward();
  EXPECT_EQ(x.grad().to_vector(), (Numbers{0, 0, 0, 0}));
  EXPECT_TRUE(std::isnan(clamp(tensor({0}), NAN, 1).item()));
  EXPECT_EQ(clamp(zeros({2, 0}), 2, 1).shape(), (Shape{2, 0}));
}

TEST(Elementwise, LongSumsOfBroadcastGradientsAreAccurate) {
  const index_t n = 1'000'000;
  const Tensor row = ones({3}).set_requires_grad(), one = ones({}).set_requires_grad();
  const Tensor x = full({n, 3}, 0.1);
  (x * row).backward(ones({n, 3}));
  expect_all_near(row.grad(), static_cast<double>(n) * tenth);
  (x + one).backward(x);
  expect_all_near(one.grad(), 3 * static_cast<double>(n) * tenth);
}

TEST(Elementwise, WhereAndMaskedFillFollowTheMask) {
  const Tensor x = tensor({{1, 2}, {3, 4}});
  EXPECT_EQ(where(x > 2, x, scalar(0)).to_vector(), (Numbers{0, 0, 3, 4}));
  EXPECT_EQ(where(Mask::of({1, 0}), x, -x).to_vector(), (Numbers{1, -2, 3, -4}));
  EXPECT_EQ(masked_fill(x, Mask::of({{1}, {0}}), -INFINITY).to_vector(),
            (Numbers{-INFINITY, -INFINITY, 3, 4}));
  EXPECT_EQ(clamp(x, 2, 3).to_vector(), (Numbers{2, 2, 3, 3}));
  // An operand that was not chosen gets a gradient of 0, not NaN · 0.
  const Tensor bad = tensor({NAN, 1}).set_requires_grad();
  sum(where(Mask::of({0, 1}), bad, zeros({2}))).backward();
  EXPECT_EQ(bad.grad().to_vector(), (Numbers{0, 1}));
}

TEST(Elementwise, ViewsAndEmptyTensorsAreSupported) {
  const Tensor x = arange(0, 6).reshape({2, 3}).transpose(0, 1);
  EXPECT_EQ((x + x).to_vector(), (Numbers{0, 6, 2, 8, 4, 10}));
  EXPECT_EQ(exp(x * 0.0).to_vector(), Numbers(6, 1));
  EXPECT_EQ((x + tensor({10, 20})).to_vector(), (Numbers{10, 23, 11, 24, 12, 25}));
  EXPECT_EQ(tanh(zeros({2, 0})).shape(), (Shape{2, 0}));
  EXPECT_EQ((zeros({2, 0}) + ones({1})).shape(), (Shape{2, 0}));
  EXPECT_EQ(where(Mask::full({0}, true), ones({0}), ones({1})).shape(), (Shape{0}));
}

TEST(Elementwise, ErrorsNameOpShapesAndRule) {
  using Binary = Tensor (*)(const Tensor&, const Tensor&);
  const std::vector<std::pair<const char*, Binary>> ops = {
      {"add", add}, {"sub", sub},         {"mul", mul},        {"div", div},
      {"pow", pow}, {"maximum", maximum}, {"minimum", minimum}};
  for (const auto& op : ops) {
    const char* name = op.first;
    const Binary f = op.second;
    EXPECT_EQ(error_of([&] {
                f(ones({2, 3}), ones({2}));
              }),
              concat("[", name,
                     "] shapes (2, 3) and (2) do not broadcast: axis -1 has 3 and 2; aligned at the right, "
                     "sizes must be equal or 1"));
    expect_rejects_undefined(name, [&f](const Tensor& x) { f(x, ones({1})); });
    expect_rejects_two_dtypes(name, f);
  }
  using Unary = Tensor (*)(const Tensor&);
  const std::vector<std::pair<const char*, Unary>> functions = {
      {"neg", neg}, {"exp", exp},   {"log", log},         {"sqrt", sqrt}, {"rsqrt", rsqrt},
      {"abs", abs}, {"tanh", tanh}, {"sigmoid", sigmoid}, {"relu", relu}, {"silu", silu}};
  for (const auto& [name, f] : functions) expect_rejects_undefined(name, f);
  expect_rejects_undefined("gelu", [](const Tensor& x) { gelu(x); });
  expect_rejects_undefined("clamp", [](const Tensor& x) { clamp(x, 0, 1); });
  EXPECT_EQ(error_of([] { where(Mask(), ones({1}), ones({1})); }),
            "[where] expected a condition, got an undefined mask");
  expect_rejects_two_dtypes("where", [](const Tensor& a, const Tensor& b) { where(Mask::of({1, 0}), a, b); });
  EXPECT_EQ(error_of([] { masked_fill(ones({2}), Mask(), 0); }),
            "[masked_fill] expected a mask, got an undefined mask");
  EXPECT_EQ(error_of([] {
              masked_fill(ones({2}), Mask::of({{1, 0}, {0, 1}}), 0);
            }),
            "[masked_fill] expected a mask that broadcasts to x (2), got (2, 2)");
}

}  // namespace
}  // namespace heed
