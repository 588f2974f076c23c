#include <cmath>

#include "lessons/05_transformer_architecture/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// The numerator and the denominator of LayerNorm, with mean and variance over `axes`.
Tensor centred(const Tensor& x, const Axes& axes = {-1}) { return x - mean(x, axes, true); }
Tensor deviation(const Tensor& x, double eps, const Axes& axes = {-1}, int correction = 0) {
  return sqrt(var(x, axes, correction, true) + eps);
}
Tensor normalised_over(const Axes& axes, const Tensor& x, const Tensor& gamma, const Tensor& beta,
                       double eps) {
  return centred(x, axes) / deviation(x, eps, axes) * gamma + beta;
}

const checks::Exercise<decltype(layer_norm_forward)> exercise{
    "05_layer_norm_forward",
    layer_norm_forward,
    [](auto& x, auto& gamma, auto& beta, double eps) { return layer_norm(x, gamma, beta, eps); },
    {{"LN-01", "the variance was divided by n - 1; LayerNorm divides by n (correction 0)",
      [](auto& x, auto& gamma, auto& beta, double eps) {
        return centred(x) / deviation(x, eps, {-1}, 1) * gamma + beta;
      }},
     {"LN-02", "eps is outside the root: √(variance + eps), not √variance + eps",
      [](auto& x, auto& gamma, auto& beta, double eps) {
        return centred(x) / (deviation(x, 0) + eps) * gamma + beta;
      }},
     {"LN-03", "divided by the variance; divide by its square root",
      [](auto& x, auto& gamma, auto& beta, double eps) {
        return centred(x) / (var(x, {-1}, 0, true) + eps) * gamma + beta;
      }},
     {"LN-05", "the mean was not subtracted",
      [](auto& x, auto& gamma, auto& beta, double eps) { return x / deviation(x, eps) * gamma + beta; }},
     {"LN-07", "gamma and beta were not applied",
      [](auto& x, auto&, auto&, double eps) { return centred(x) / deviation(x, eps); }},
     {"LN-09", "normalised over the words of a sequence; normalise each word (over the last axis)",
      [](auto& x, auto& gamma, auto& beta, double eps) {
        return normalised_over({-2}, x, gamma, beta, eps);
      }},
     {"LN-10", "normalised over the batch; normalise each word (over the last axis)",
      [](auto& x, auto& gamma, auto& beta, double eps) { return normalised_over({0}, x, gamma, beta, eps); }},
     {"LN-11", "one mean and one variance for all words; compute them per word",
      [](auto& x, auto& gamma, auto& beta, double eps) { return normalised_over({}, x, gamma, beta, eps); }},
     {"LN-12", "eps was left out: a word of equal channels becomes 0 / 0",
      [](auto& x, auto& gamma, auto& beta, double) { return normalised_over({-1}, x, gamma, beta, 0); }},
     {"LN-13", "shifted before it was scaled: n · gamma + beta, not (n + beta) · gamma",
      [](auto& x, auto& gamma, auto& beta, double eps) {
        return (centred(x) / deviation(x, eps) + beta) * gamma;
      }},
     {"LN-20", "mean(x²) - mean(x)² is inaccurate if the mean is large; use mean((x - mean)²)",
      [](auto& x, auto& gamma, auto& beta, double eps) {
        const Tensor m = mean(x, {-1}, true), squares = mean(x * x, {-1}, true);
        return (x - m) / sqrt(squares - m * m + eps) * gamma + beta;
      }},
     {"LN-08", "mean and variance were detached; they depend on x and contribute to its gradient",
      [](auto& x, auto& gamma, auto& beta, double eps) {
        return (x - mean(x, {-1}, true).detach()) / deviation(x, eps).detach() * gamma + beta;
      }},
     {"LN-60", "eps was added to the standard deviation, and a second root was taken; use √(variance + eps)",
      [](auto& x, auto& gamma, auto& beta, double eps) {
        return centred(x) / sqrt(deviation(x, 0) + eps) * gamma + beta;
      }},
     {"LN-61", "eps was used as a lower bound of the variance; add it",
      [](auto& x, auto& gamma, auto& beta, double eps) {
        return centred(x) / sqrt(clamp(var(x, {-1}, 0, true), eps, INFINITY)) * gamma + beta;
      }},
     {"LN-62", "the argument eps was not used; 1e-5 was used instead",
      [](auto& x, auto& gamma, auto& beta, double) { return normalised_over({-1}, x, gamma, beta, 1e-5); }},
     {"LN-67", "beta was not added",
      [](auto& x, auto& gamma, auto&, double eps) { return centred(x) / deviation(x, eps) * gamma; }},
     {"LN-68", "gamma was not applied",
      [](auto& x, auto&, auto& beta, double eps) { return centred(x) / deviation(x, eps) + beta; }},
     {"LN-69", "eps was squared; add eps itself to the variance",
      [](auto& x, auto& gamma, auto& beta, double eps) {
        return normalised_over({-1}, x, gamma, beta, eps * eps);
      }}}};

// Two sequences of three tokens with four channels.
struct Fixture {
  Tensor x = tensor(
      {{{1, 0, 2, -1}, {3, 1, -2, 0.5}, {0, 4, 1, 1}}, {{-1, 2, 2, 5}, {0.5, -3, 1, 0}, {6, -2, -1, 4}}});
  Tensor gamma = tensor({1.5, -0.5, 2, 1}), beta = tensor({0.5, -1, 0.25, 2});
};

TEST(LayerNormForward, OfOneTokenByHand) {
  exercise.call("layer_norm_forward({{1, 0, 0, 0}}, gamma 1, beta 0, eps 1e-5)", [] {
    return std::tuple(tensor({{1, 0, 0, 0}}), ones({4}), zeros({4}), 1e-5);
  });
}

TEST(LayerNormForward, ScalesAndShiftsEachToken) {
  for (const index_t batch : {2, 1})
    exercise.call(concat("layer_norm_forward(x (", batch, ", 3, 4), gamma (4), beta (4), eps 1e-5)"),
                  [batch] {
                    const Fixture a;
                    return std::tuple(a.x.slice(0, 0, batch), a.gamma, a.beta, 1e-5);
                  });
}

TEST(LayerNormForward, TakesAnyNumberOfLeadingAxes) {
  exercise.call("layer_norm_forward(x (4), gamma (4), beta (4), eps 1e-5)", [] {
    const Fixture a;
    return std::tuple(a.x[1][2].clone(), a.gamma, a.beta, 1e-5);
  });
  exercise.call("layer_norm_forward(x (1, 2, 3, 4), gamma (4), beta (4), eps 1e-5)", [] {
    const Fixture a;
    return std::tuple(a.x.reshape({1, 2, 3, 4}), a.gamma, a.beta, 1e-5);
  });
  exercise.call("layer_norm_forward(x (2, 0, 4): no tokens, gamma (4), beta (4), eps 1e-5)", [] {
    const Fixture a;
    return std::tuple(zeros({2, 0, 4}), a.gamma, a.beta, 1e-5);
  });
}

TEST(LayerNormForward, AddsEpsUnderTheRoot) {
  exercise.call("layer_norm_forward({{0.001, -0.001}}, gamma 1, beta 0, eps 1e-5)", [] {
    return std::tuple(tensor({{0.001, -0.001}}), ones({2}), zeros({2}), 1e-5);
  });
  exercise.call("layer_norm_forward({{1, 2, 4}}, gamma 1, beta 0, eps 0.5)", [] {
    return std::tuple(tensor({{1, 2, 4}}), ones({3}), zeros({3}), 0.5);
  });
  exercise.call("layer_norm_forward({{0.01, -0.02, 0.005}}, gamma 1, beta 0, eps 1e-8)", [] {
    return std::tuple(tensor({{0.01, -0.02, 0.005}}), ones({3}), zeros({3}), 1e-8);
  });
}

TEST(LayerNormForward, IsBetaIfAllChannelsOfATokenAreEqual) {
  exercise.call("layer_norm_forward({{7, 7, 7}}, gamma {1, 2, 3}, beta {0.5, -1, 2}, eps 1e-5)", [] {
    return std::tuple(tensor({{7, 7, 7}}), tensor({1, 2, 3}), tensor({0.5, -1, 2}), 1e-5);
  });
}

TEST(LayerNormForward, IsCorrectForLargeInputs) {
  exercise.call(
      "layer_norm_forward({{0, 1000, 0, -3}}, gamma {1.5, -0.5, 2, 1}, beta {0.5, -1, 0.25, 2}, eps 1e-5)",
      [] {
        const Fixture a;
        return std::tuple(tensor({{0, 1000, 0, -3}}), a.gamma, a.beta, 1e-5);
      });
}

TEST(LayerNormForward, IsAccurateFarFromZero) {
  exercise.call("layer_norm_forward({{8000, 8001, 8003, 8006}}, gamma 1, beta 0, eps 1e-5)", [] {
    return std::tuple(tensor({{8000, 8001, 8003, 8006}}), ones({4}), zeros({4}), 1e-5);
  });
}

TEST(LayerNormForward, DoesNotChangeIfATokenIsShifted) {
  exercise.invariant("", "10 was added to all channels; the result must not change", [](auto f) {
    const Fixture a;
    return allclose(f(a.x, a.gamma, a.beta, 1e-5), f(a.x + 10.0, a.gamma, a.beta, 1e-5), 1e-3, 1e-3);
  });
}

TEST(LayerNormForward, NormalisesEachTokenSeparately) {
  exercise.invariant("", "the first token of a sequence was changed; the others must not change", [](auto f) {
    const Fixture a;
    Tensor changed = a.x.clone();
    changed[0][0].copy_(tensor({9, -9, 3, 0}));
    return allclose(f(a.x, a.gamma, a.beta, 1e-5)[0][1], f(changed, a.gamma, a.beta, 1e-5)[0][1]) &&
           allclose(f(a.x, a.gamma, a.beta, 1e-5)[1], f(changed, a.gamma, a.beta, 1e-5)[1]);
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit LN-01: `{-1}, 0, true)` => `{-1}, 1, true)`
