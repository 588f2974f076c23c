#include "optim/clip.h"

#include <cmath>

#include "tests/testing.h"

namespace heed::optim {
namespace {

Tensor with_gradient(const Tensor& g) {
  Tensor w = zeros(g.shape()).set_requires_grad();
  w.set_grad(g);
  return w;
}

TEST(ClipGradNorm, ShortensAllGradientsAsOneVector) {
  const Tensor a = with_gradient(tensor({3, 0})), b = with_gradient(tensor({4})),
               without = zeros({2}).set_requires_grad();
  EXPECT_EQ(clip_grad_norm({a, b, without}, 1), 5);
  EXPECT_NEAR(a.grad().at({0}), 0.6, 1e-6);
  EXPECT_NEAR(b.grad().at({0}), 0.8, 1e-6);
  EXPECT_FALSE(without.grad().defined());
  EXPECT_NEAR(clip_grad_norm({a, b}, 10), 1, 1e-6) << "short ones stay";
  EXPECT_NEAR(b.grad().at({0}), 0.8, 1e-6);
  EXPECT_EQ(clip_grad_norm({}, 1), 0);
}

TEST(ClipGradNorm, CountsEveryNumberOnce) {
  for (const index_t n : {1, 7, 8, 9, 31}) {
    const Tensor w = with_gradient(arange(1, n + 1));
    const double squares = static_cast<double>(n * (n + 1) * (2 * n + 1)) / 6;
    EXPECT_NEAR(clip_grad_norm({w}, 1e9), std::sqrt(squares), 1e-12 * squares) << n;
  }
}

TEST(ClipGradValue, BringsEveryNumberIntoItsLimits) {
  const Tensor w = with_gradient(tensor({-5, 0.5, 5}));
  clip_grad_value({w}, 1);
  EXPECT_EQ(w.grad().to_vector(), (std::vector<double>{-1, 0.5, 1}));
  EXPECT_EQ(error_of([&] { clip_grad_value({w}, -1); }),
            "[clip_grad_value] limit must be positive and finite, got -1");
}

TEST(ClipGradNorm, RefusesWhatHasNoLength) {
  const Tensor w = with_gradient(tensor({NAN}));
  EXPECT_EQ(error_of([&] { clip_grad_norm({w}, 1); }),
            "[clip_grad_norm] the gradients have length nan. Hint: AnomalyMode names the op that made the "
            "first NaN");
  EXPECT_EQ(error_of([&] { clip_grad_norm({w}, 0); }),
            "[clip_grad_norm] max_norm must be positive and finite, got 0");
  EXPECT_EQ(error_of([&] { clip_grad_norm({w}, INFINITY); }),
            "[clip_grad_norm] max_norm must be positive and finite, got inf");
  EXPECT_EQ(error_of([] { clip_grad_norm({Tensor()}, 1); }),
            "[clip_grad_norm] a parameter is an undefined tensor");
}

}  // namespace
}  // namespace heed::optim
