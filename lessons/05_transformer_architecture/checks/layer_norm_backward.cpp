#include "lessons/05_transformer_architecture/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {

template <class Visit>
void each_tensor(LayerNormGradients& d, const Visit& visit) {
  visit(d.x);
  visit(d.gamma);
  visit(d.beta);
}

namespace {

// The terms of the gradient, so that a twin can leave one out. n (..., C), rstd (..., 1)
Tensor rstd_of(const Tensor& x, double eps, int correction = 0) {
  return rsqrt(var(x, {-1}, correction, true) + eps);
}
Tensor n_of(const Tensor& x, double eps) { return (x - mean(x, {-1}, true)) * rstd_of(x, eps); }
Tensor through_mean(const Tensor& dn) { return mean(dn, {-1}, true); }
Tensor through_variance(const Tensor& dn, const Tensor& n) { return n * mean(dn * n, {-1}, true); }
// Correct gradients of gamma and beta, with dx as the gradient of x.
LayerNormGradients with_x(const Tensor& dx, const Tensor& dy, const Tensor& x, const Tensor& gamma,
                          double eps) {
  return {dx, sum_to(dy * n_of(x, eps), gamma.shape()), sum_to(dy, gamma.shape())};
}

// The gradients of the library's op.
LayerNormGradients reference(const Tensor& dy, const Tensor& x, const Tensor& gamma, double eps) {
  Tensor leaf = x.detach().clone().set_requires_grad(), scale = gamma.detach().clone().set_requires_grad(),
         shift = zeros(gamma.shape(), x.dtype()).set_requires_grad();
  layer_norm(leaf, scale, shift, eps).backward(dy);
  return {leaf.grad(), scale.grad(), shift.grad()};
}

const checks::Exercise<decltype(layer_norm_backward)> exercise{
    "05_layer_norm_backward",
    layer_norm_backward,
    reference,
    {{"LN-08", "mean and variance were treated as constants; they depend on x, so dx must sum to 0",
      [](auto& dy, auto& x, auto& gamma, double eps) {
        return with_x(rstd_of(x, eps) * dy * gamma, dy, x, gamma, eps);
      }},
     {"LN-14", "the gradient through the variance is missing; subtract n · mean(dn · n)",
      [](auto& dy, auto& x, auto& gamma, double eps) {
        const Tensor dn = dy * gamma;
        return with_x(rstd_of(x, eps) * (dn - through_mean(dn)), dy, x, gamma, eps);
      }},
     {"LN-15", "the gradient through the mean is missing; subtract mean(dn), so that dx sums to 0",
      [](auto& dy, auto& x, auto& gamma, double eps) {
        const Tensor dn = dy * gamma;
        return with_x(rstd_of(x, eps) * (dn - through_variance(dn, n_of(x, eps))), dy, x, gamma, eps);
      }},
     {"LN-16", "dx does not contain gamma: y = n · gamma + beta, so dn = dy · gamma",
      [](auto& dy, auto& x, auto& gamma, double eps) {
        const Tensor dx = rstd_of(x, eps) * (dy - through_mean(dy) - through_variance(dy, n_of(x, eps)));
        return with_x(dx, dy, x, gamma, eps);
      }},
     {"LN-17", "the gradient of gamma was computed with x; it is the sum of dy · n",
      [](auto& dy, auto& x, auto& gamma, double eps) {
        LayerNormGradients d = reference(dy, x, gamma, eps);
        d.gamma = sum_to(dy * x, gamma.shape());
        return d;
      }},
     {"LN-18", "sums in place of means: the terms of mean and variance must be divided by C",
      [](auto& dy, auto& x, auto& gamma, double eps) {
        const Tensor dn = dy * gamma, n = n_of(x, eps);
        const Tensor dx = rstd_of(x, eps) * (dn - sum(dn, {-1}, true) - n * sum(dn * n, {-1}, true));
        return with_x(dx, dy, x, gamma, eps);
      }},
     {"LN-19", "dx was not divided by √(variance + eps)",
      [](auto& dy, auto& x, auto& gamma, double eps) {
        const Tensor dn = dy * gamma;
        return with_x(dn - through_mean(dn) - through_variance(dn, n_of(x, eps)), dy, x, gamma, eps);
      }},
     {"LN-01", "the variance was divided by n - 1; LayerNorm divides by n (correction 0)",
      [](auto& dy, auto& x, auto& gamma, double eps) {
        const Tensor rstd = rstd_of(x, eps, 1), n = (x - mean(x, {-1}, true)) * rstd, dn = dy * gamma;
        return LayerNormGradients{rstd * (dn - through_mean(dn) - through_variance(dn, n)),
                                  sum_to(dy * n, gamma.shape()), sum_to(dy, gamma.shape())};
      }},
     {"LN-12", "eps was left out: a word of equal channels becomes 0 / 0",
      [](auto& dy, auto& x, auto& gamma, double) {
        const Tensor dn = dy * gamma, n = n_of(x, 0);
        const Tensor dx = rstd_of(x, 0) * (dn - through_mean(dn) - through_variance(dn, n));
        return with_x(dx, dy, x, gamma, 0);
      }},
     {"AG-07", "gamma and beta were broadcast over all words; sum their gradients over the words",
      [](auto& dy, auto& x, auto& gamma, double eps) {
        return LayerNormGradients{reference(dy, x, gamma, eps).x, dy * n_of(x, eps), dy + 0.0};
      }},
     {"LN-62", "the argument eps was not used; 1e-5 was used instead",
      [](auto& dy, auto& x, auto& gamma, double) { return reference(dy, x, gamma, 1e-5); }},
     {"LN-63", "the gradients of gamma and beta were averaged over the tokens; sum them",
      [](auto& dy, auto& x, auto& gamma, double eps) {
        const LayerNormGradients d = reference(dy, x, gamma, eps);
        const double tokens = static_cast<double>(x.numel()) / static_cast<double>(gamma.numel());
        return LayerNormGradients{d.x, d.gamma / tokens, d.beta / tokens};
      }},
     {"LN-64", "the gradient of gamma contains gamma; it is the sum of dy · n, not of dn · n",
      [](auto& dy, auto& x, auto& gamma, double eps) {
        const LayerNormGradients d = reference(dy, x, gamma, eps);
        return LayerNormGradients{d.x, d.gamma * gamma, d.beta};
      }},
     {"LN-65", "the gradient of beta contains gamma; it is the sum of dy",
      [](auto& dy, auto& x, auto& gamma, double eps) {
        const LayerNormGradients d = reference(dy, x, gamma, eps);
        return LayerNormGradients{d.x, d.gamma, d.beta * gamma};
      }},
     {"LN-66", "gamma and beta got the gradients of the first sequence only; sum over all leading axes",
      [](auto& dy, auto& x, auto& gamma, double eps) {
        const LayerNormGradients d = reference(dy, x, gamma, eps);
        if (x.rank() < 3) return d;
        const LayerNormGradients first = reference(dy[0], x[0], gamma, eps);
        return LayerNormGradients{d.x, first.gamma, first.beta};
      }}}};

// Second derivatives are not part of the exercise.
constexpr checks::Forms forms{.gradients = false};

// Two sequences of three tokens with four channels, and a gradient of the same shape.
struct Fixture {
  Tensor x = tensor(
      {{{1, 0, 2, -1}, {3, 1, -2, 0.5}, {0, 4, 1, 1}}, {{-1, 2, 2, 5}, {0.5, -3, 1, 0}, {6, -2, -1, 4}}});
  Tensor dy = tensor(
      {{{1, -1, 0.5, 2}, {0, 3, 1, -1}, {-2, 1, 1, 0.5}}, {{0.5, 0.5, -3, 1}, {2, 0, 1, -1}, {1, -2, 0, 4}}});
  Tensor gamma = tensor({1.5, -0.5, 2, 1});
};

TEST(LayerNormBackward, OfOneTokenByHand) {
  exercise.call(
      "layer_norm_backward(dy {{1, 0, 0, 0}}, x {{1, 2, 3, 4}}, gamma 1, eps 1e-5)",
      [] {
        return std::tuple(tensor({{1, 0, 0, 0}}), tensor({{1, 2, 3, 4}}), ones({4}), 1e-5);
      },
      forms);
}

TEST(LayerNormBackward, OfThreeTokensInASequence) {
  for (const index_t batch : {2, 1})
    exercise.call(
        concat("layer_norm_backward(dy (", batch, ", 3, 4), x (", batch, ", 3, 4), gamma (4), eps 1e-5)"),
        [batch] {
          const Fixture a;
          return std::tuple(a.dy.slice(0, 0, batch), a.x.slice(0, 0, batch), a.gamma, 1e-5);
        },
        forms);
}

TEST(LayerNormBackward, AcceptsAnyNumberOfLeadingAxes) {
  exercise.call(
      "layer_norm_backward(dy (4), x (4), gamma (4), eps 1e-5)",
      [] {
        const Fixture a;
        return std::tuple(a.dy[1][2].clone(), a.x[1][2].clone(), a.gamma, 1e-5);
      },
      forms);
  exercise.call(
      "layer_norm_backward(dy (3, 4), x (3, 4), gamma (4), eps 1e-5)",
      [] {
        const Fixture a;
        return std::tuple(a.dy[1].clone(), a.x[1].clone(), a.gamma, 1e-5);
      },
      forms);
  exercise.call(
      "layer_norm_backward(dy (2, 1, 3, 4), x (2, 1, 3, 4), gamma (4), eps 1e-5)",
      [] {
        const Fixture a;
        return std::tuple(a.dy.unsqueeze(1).clone(), a.x.unsqueeze(1).clone(), a.gamma, 1e-5);
      },
      forms);
}

TEST(LayerNormBackward, OfNoTokens) {
  exercise.call(
      "layer_norm_backward(dy (2, 0, 4), x (2, 0, 4), gamma (4), eps 1e-5)",
      [] {
        return std::tuple(zeros({2, 0, 4}), zeros({2, 0, 4}), Fixture().gamma, 1e-5);
      },
      forms);
}

TEST(LayerNormBackward, UsesEps) {
  exercise.call(
      "layer_norm_backward(dy (1, 3), x (1, 3), gamma {2, 1, -1}, eps 0.5)",
      [] {
        return std::tuple(tensor({{1, 2, -1}}), tensor({{1, 2, 4}}), tensor({2, 1, -1}), 0.5);
      },
      forms);
  exercise.call(
      "layer_norm_backward(dy {{1, 2, -1}}, x {{7, 7, 7}}, gamma 1, eps 1)",
      [] {
        return std::tuple(tensor({{1, 2, -1}}), tensor({{7, 7, 7}}), ones({3}), 1.0);
      },
      forms);
  exercise.call(
      "layer_norm_backward(dy {{1, 2, -1}}, x {{0.01, -0.02, 0.005}}, gamma 1, eps 1e-8)",
      [] {
        return std::tuple(tensor({{1, 2, -1}}), tensor({{0.01, -0.02, 0.005}}), ones({3}), 1e-8);
      },
      forms);
}

TEST(LayerNormBackward, IsCorrectForLargeInputs) {
  exercise.call(
      "layer_norm_backward(dy {{1, 2, -1, 3}}, x {{0, 1000, 0, -3}}, gamma {1.5, -0.5, 2, 1}, eps 1e-5)",
      [] {
        return std::tuple(tensor({{1, 2, -1, 3}}), tensor({{0, 1000, 0, -3}}), Fixture().gamma, 1e-5);
      },
      forms);
}

TEST(LayerNormBackward, SumsToZeroInEveryToken) {
  exercise.invariant("", "the gradient of x must sum to 0 for every token", [](auto f) {
    const Fixture a;
    const Tensor sums = sum(f(a.dy, a.x, a.gamma, 1e-5).x, {-1});
    return max_abs_difference(sums, zeros(sums.shape())) < 1e-4;
  });
}

TEST(LayerNormBackward, OfEachTokenSeparately) {
  exercise.invariant(
      "", "dy of one token was changed; the gradients of the other tokens must not change", [](auto f) {
        const Fixture a;
        Tensor changed = a.dy.clone();
        changed[0][0].copy_(tensor({9, -9, 3, 0}));
        const Tensor before = f(a.dy, a.x, a.gamma, 1e-5).x, after = f(changed, a.x, a.gamma, 1e-5).x;
        return allclose(before[0][2], after[0][2]) && allclose(before[1], after[1]);
      });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit LN-08: ` - through_mean - through_variance` => ``
