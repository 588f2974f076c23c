// gradcheck_test.cpp — gradcheck must reject wrong gradients, otherwise a pass means nothing.
#include "autograd/gradcheck.h"

#include <cmath>

#include "tests/testing.h"

namespace heed {
namespace {

Tensor input(const Shape& shape) { return noise(shape, 1, f64).set_requires_grad(); }

// y = f(x) with the given backward.
template <class Backward>
GradcheckFunction with_backward(Tensor (*f)(const Tensor&), Backward backward) {
  return [=](const std::vector<Tensor>& in) {
    return record("chosen", {in[0]}, f(in[0].detach()),
                  [=, x = Saved(in[0])](const Tensor& dy, Gradients& d) { d[0] = backward(dy, x()); });
  };
}

Tensor square(const Tensor& x) { return x * x; }
Tensor softmax_of(const Tensor& x) { return softmax(x, -1); }

TEST(Gradcheck, AcceptsACorrectBackward) {
  const auto result = check_gradients(
      with_backward(square, [](const Tensor& dy, const Tensor& x) { return dy * x * 2.0; }), {input({3})});
  EXPECT_TRUE(result.ok) << result.message;
  EXPECT_EQ(result.message, "");
  EXPECT_EQ(result.ops, std::vector<std::string>{"chosen"});
  EXPECT_LT(result.worst, 1);
}

TEST(Gradcheck, RejectsAMissingFactor) {
  const auto f = with_backward(square, [](const Tensor& dy, const Tensor& x) { return dy * x; });
  const auto result = check_gradients(f, {input({3})});
  EXPECT_FALSE(result.ok);
  expect_contains(result.message, "input 0 (3), element 0: analytic ");
  expect_contains(error_of([&] { gradcheck(f, {input({3})}); }),
                  "[gradcheck] input 0 (3), element 0: analytic ");
}

TEST(Gradcheck, RejectsASmallError) {
  EXPECT_FALSE(check_gradients(
                   with_backward(square, [](const Tensor& dy, const Tensor& x) { return dy * x * 2.0001; }),
                   {input({3})})
                   .ok);
}

TEST(Gradcheck, RejectsAnErrorInOneElementOnly) {
  const auto f = with_backward(square, [](const Tensor& dy, const Tensor& x) {
    Tensor d = (dy * x * 2.0).clone();
    d.set({-1}, 0);
    return d;
  });
  const auto result = check_gradients(f, {input({5})});
  EXPECT_FALSE(result.ok);
  expect_contains(result.message, "element 4: analytic 0");
}

// The sum of a softmax is 1 for every input, so a check of a plain sum would accept a wrong gradient.
TEST(Gradcheck, RejectsASoftmaxBackwardThatIgnoresOtherOutputs) {  // AG-16
  EXPECT_FALSE(check_gradients(with_backward(softmax_of,
                                             [](const Tensor& dy, const Tensor& x) {
                                               const Tensor s = softmax(x, -1);
                                               return dy * s * (1.0 - s);
                                             }),
                               {input({4})})
                   .ok);
}

TEST(Gradcheck, RejectsNaNAndInfinity) {
  EXPECT_FALSE(
      check_gradients(with_backward(square, [](const Tensor& dy, const Tensor&) { return dy * NAN; }),
                      {input({2})})
          .ok);
  EXPECT_FALSE(check_gradients([](const std::vector<Tensor>& in) { return log(in[0]); },
                               {full({2}, -1, f64).set_requires_grad()})
                   .ok);
  EXPECT_FALSE(
      check_gradients(with_backward(square, [](const Tensor& dy, const Tensor&) { return dy * INFINITY; }),
                      {input({2})})
          .ok);
}

TEST(Gradcheck, RejectsAGradientThatIsZeroEverywhere) {
  const auto zero = check_gradients([](const std::vector<Tensor>& in) { return in[0] * 0.0; }, {input({2})});
  EXPECT_FALSE(zero.ok);
  EXPECT_EQ(zero.message, "the gradient of input 0 (2) is 0 everywhere: nothing was checked");
  EXPECT_TRUE(check_gradients([](const std::vector<Tensor>& in) { return in[0] * 0.0; }, {input({2})},
                              {.allow_zero = true})
                  .ok);
  const auto cut =
      check_gradients([](const std::vector<Tensor>& in) { return in[0].detach() * 2.0; }, {input({2})});
  EXPECT_EQ(cut.message, "the result does not depend on any input that requires grad");
  EXPECT_FALSE(cut.ok);
}

TEST(Gradcheck, ThrowsIfItCannotCheckTheInputs) {
  const GradcheckFunction f = [](const std::vector<Tensor>& in) { return in[0] * 2.0; };
  EXPECT_EQ(error_of([&] { gradcheck(f, {ones({2}).set_requires_grad()}); }),
            "[gradcheck] expected f64 inputs, got f32 for input 0; finite differences in f32 are mostly "
            "rounding errors");
  EXPECT_EQ(error_of([&] { gradcheck(f, {ones({2}, f64)}); }),
            "[gradcheck] no input requires grad, so there is nothing to check");
  EXPECT_EQ(error_of([&] { gradcheck(f, {Tensor()}); }), "[gradcheck] input 0 is undefined");
  EXPECT_EQ(error_of([&] { gradcheck(f, {input({2}) * 2.0}); }),
            "[gradcheck] input 0 is not a leaf; its gradient would not be stored");
  EXPECT_EQ(error_of([&] {
              gradcheck(f, {ones({2, 3}, f64).transpose(0, 1).set_requires_grad()});
            }),
            "[gradcheck] input 0 (3, 2) is not contiguous. Hint: create the view inside the function");
  EXPECT_EQ(
      error_of([&] { gradcheck([](const std::vector<Tensor>& in) { return in[0].to(f32); }, {input({2})}); }),
      "[gradcheck] expected a function that returns an f64 tensor");
}

TEST(Gradcheck, DoesNotChangeItsInputs) {
  const Tensor x = input({4});
  const auto before = x.to_vector();
  gradcheck([](const std::vector<Tensor>& in) { return tanh(in[0]); }, {x});
  EXPECT_EQ(x.to_vector(), before);
}

}  // namespace
}  // namespace heed
