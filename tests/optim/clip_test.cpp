#include "optim/clip.h"

#include <cmath>

#include "tests/testing.h"

namespace heed::optim {
namespace {

Tensor with_gradient(const Tensor& g) {
  Tensor w = zeros(g.shape(), g.dtype()).set_requires_grad();
  w.set_grad(g);
  return w;
}

TEST(ClipGradNorm, ScalesAllGradientsAsOneVector) {
  const Tensor a = with_gradient(tensor({3, 0})), b = with_gradient(tensor({4})),
               without = zeros({2}).set_requires_grad();
  EXPECT_EQ(clip_grad_norm({a, b, without}, 1), 5);
  EXPECT_NEAR(a.grad().at({0}), 0.6, 1e-6);
  EXPECT_NEAR(b.grad().at({0}), 0.8, 1e-6);
  EXPECT_FALSE(without.grad().defined());
  EXPECT_NEAR(clip_grad_norm({a, b}, 10), 1, 1e-6) << "a norm below the limit is not changed";
  EXPECT_NEAR(b.grad().at({0}), 0.8, 1e-6);
  EXPECT_EQ(clip_grad_norm({}, 1), 0);
}

TEST(ClipGradNorm, IncludesEveryElementOnce) {
  for (const index_t n : {1, 7, 8, 9, 31}) {
    const Tensor w = with_gradient(arange(1, n + 1));
    const double squares = static_cast<double>(n * (n + 1) * (2 * n + 1)) / 6;
    EXPECT_NEAR(clip_grad_norm({w}, 1e9), std::sqrt(squares), 1e-12 * squares) << n;
  }
}

TEST(ClipGradNorm, SquaresMayOverflowOrUnderflow) {
  for (const double size : {1e200, 1e-200, 1e300, 5e-324, 1.0}) {
    const Tensor a = with_gradient(tensor({3, 0}, f64) * size), b = with_gradient(tensor({-4}, f64) * size);
    const double norm = clip_grad_norm({a, b}, 1);
    EXPECT_NEAR(norm / size, 5, 1e-12) << size;
    if (size < 1) continue;
    EXPECT_NEAR(a.grad().at({0}), 0.6, 1e-6) << size;
    EXPECT_NEAR(b.grad().at({0}), -0.8, 1e-6) << size;
  }
  const Tensor zero = with_gradient(zeros({3}, f64)), tiny = with_gradient(full({3}, 1e-200, f64)),
               large = with_gradient(full({3}, 1e200, f64));
  EXPECT_EQ(clip_grad_norm({zero}, 1), 0);
  EXPECT_NEAR(clip_grad_norm({tiny, zero, large}, 1) / (std::sqrt(3) * 1e200), 1, 1e-12);
}

TEST(ClipGradNorm, ASubnormalFactorIsExact) {
  const Tensor w = with_gradient(tensor({3e38, 0}));
  EXPECT_NEAR(clip_grad_norm({w}, 1e-4) / 3e38, 1, 1e-6);  // the factor is 3.3e-43
  EXPECT_NEAR(w.grad().at({0}) / 1e-4, 1, 1e-6);
  const Tensor d = with_gradient(full({1}, 1e300, f64));
  clip_grad_norm({d}, 1e-10);
  EXPECT_NEAR(d.grad().at({0}) / 1e-10, 1, 1e-12);
}

TEST(ClipGradNorm, DistinguishesNaNInfinityAndOverflow) {
  const Tensor fine = with_gradient(ones({2}, f64));
  const auto error = [&](const Tensor& gradient) {
    const Tensor w = with_gradient(gradient);
    return error_of([&] { clip_grad_norm({fine, w}, 1); });
  };
  EXPECT_EQ(error(tensor({{1, -INFINITY}})),
            "[clip_grad_norm] the gradient of parameter 1 (1, 2) contains an infinity. Hint: it comes from a "
            "division by 0 or an overflow; the learning rate may be too high");
  EXPECT_EQ(error(full({4}, 1.7e308, f64)),
            "[clip_grad_norm] the norm of the gradients is above 1.79769e+308, the largest double. Hint: "
            "call clip_grad_value first");
  expect_contains(error(tensor({NAN, INFINITY})), "contain a NaN");
  EXPECT_EQ(fine.grad().to_vector(), (std::vector<double>{1, 1})) << "nothing was clipped";
}

TEST(ClipGradValue, ClampsEveryElement) {
  const Tensor w = with_gradient(tensor({-5, 0.5, 5}));
  clip_grad_value({w}, 1);
  EXPECT_EQ(w.grad().to_vector(), (std::vector<double>{-1, 0.5, 1}));
  EXPECT_EQ(error_of([&] { clip_grad_value({w}, -1); }),
            "[clip_grad_value] expected a finite limit > 0, got -1");
}

TEST(ClipGradNorm, RejectsInvalidArguments) {
  const Tensor w = with_gradient(tensor({NAN}));
  EXPECT_EQ(error_of([&] { clip_grad_norm({w}, 1); }),
            "[clip_grad_norm] the gradients contain a NaN. Hint: AnomalyMode reports the op that produced "
            "the first NaN");
  EXPECT_EQ(error_of([&] { clip_grad_norm({w}, 0); }),
            "[clip_grad_norm] expected a finite max_norm > 0, got 0");
  EXPECT_EQ(error_of([&] { clip_grad_norm({w}, INFINITY); }),
            "[clip_grad_norm] expected a finite max_norm > 0, got inf");
  EXPECT_EQ(error_of([] { clip_grad_norm({Tensor()}, 1); }),
            "[clip_grad_norm] expected defined parameters, got an undefined tensor");
}

}  // namespace
}  // namespace heed::optim
