#include <cmath>

#include "lessons/05_transformer_architecture/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// What is divided, by what, and over which axes mean and variance are taken.
Tensor centred(const Tensor& x, const Axes& axes = {-1}) { return x - mean(x, axes, true); }
Tensor spread(const Tensor& x, double eps, const Axes& axes = {-1}, int correction = 0) {
  return sqrt(var(x, axes, correction, true) + eps);
}
Tensor over(const Axes& axes, const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
  return centred(x, axes) / spread(x, eps, axes) * gamma + beta;
}

const checks::Exercise<decltype(layer_norm_forward)> exercise{
    "05_layer_norm_forward",
    layer_norm_forward,
    [](auto& x, auto& gamma, auto& beta, double eps) { return layer_norm(x, gamma, beta, eps); },
    {{"LN-01", "the variance was divided by n - 1; LayerNorm divides by n (correction 0)",
      [](auto& x, auto& gamma, auto& beta, double eps) {
        return centred(x) / spread(x, eps, {-1}, 1) * gamma + beta;
      }},
     {"LN-02", "eps stands outside the root: √(variance + eps), not √variance + eps",
      [](auto& x, auto& gamma, auto& beta, double eps) {
        return centred(x) / (spread(x, 0) + eps) * gamma + beta;
      }},
     {"LN-03", "divided by the variance; divide by its root",
      [](auto& x, auto& gamma, auto& beta, double eps) {
        return centred(x) / (var(x, {-1}, 0, true) + eps) * gamma + beta;
      }},
     {"LN-05", "the mean was not taken away: this is close to RMSNorm",
      [](auto& x, auto& gamma, auto& beta, double eps) { return x / spread(x, eps) * gamma + beta; }},
     {"LN-07", "gamma and beta were not applied",
      [](auto& x, auto&, auto&, double eps) { return centred(x) / spread(x, eps); }},
     {"LN-09", "normalised over the words of a text: each word is a whole of its own (the last axis)",
      [](auto& x, auto& gamma, auto& beta, double eps) { return over({-2}, x, gamma, beta, eps); }},
     {"LN-10", "normalised over the batch: each word is a whole of its own (the last axis)",
      [](auto& x, auto& gamma, auto& beta, double eps) { return over({0}, x, gamma, beta, eps); }},
     {"LN-11", "one mean and one variance for all words: each word has its own",
      [](auto& x, auto& gamma, auto& beta, double eps) { return over({}, x, gamma, beta, eps); }},
     {"LN-12", "eps was left out: a word of equal numbers becomes 0 / 0",
      [](auto& x, auto& gamma, auto& beta, double) { return over({-1}, x, gamma, beta, 0); }},
     {"LN-13", "shifted before it was scaled: n · gamma + beta, not (n + beta) · gamma",
      [](auto& x, auto& gamma, auto& beta, double eps) {
        return (centred(x) / spread(x, eps) + beta) * gamma;
      }},
     {"LN-20",
      "mean(x²) - mean(x)² loses its digits where the mean is large: square what is left of the mean",
      [](auto& x, auto& gamma, auto& beta, double eps) {
        const Tensor m = mean(x, {-1}, true), squares = mean(x * x, {-1}, true);
        return (x - m) / sqrt(squares - m * m + eps) * gamma + beta;
      }},
     {"LN-08", "mean and variance were taken for constants: they depend on x, so x needs their gradient",
      [](auto& x, auto& gamma, auto& beta, double eps) {
        return (x - mean(x, {-1}, true).detach()) / spread(x, eps).detach() * gamma + beta;
      }},
     {"LN-60", "eps was added to the standard deviation, and a second root taken: √(variance + eps)",
      [](auto& x, auto& gamma, auto& beta, double eps) {
        return centred(x) / sqrt(spread(x, 0) + eps) * gamma + beta;
      }},
     {"LN-61", "eps was used as a lower bound of the variance; add it",
      [](auto& x, auto& gamma, auto& beta, double eps) {
        return centred(x) / sqrt(clamp(var(x, {-1}, 0, true), eps, INFINITY)) * gamma + beta;
      }},
     {"LN-62", "the argument eps was not used: 1e-5 is only its default elsewhere",
      [](auto& x, auto& gamma, auto& beta, double) { return over({-1}, x, gamma, beta, 1e-5); }},
     {"LN-67", "beta was not added",
      [](auto& x, auto& gamma, auto&, double eps) { return centred(x) / spread(x, eps) * gamma; }},
     {"LN-68", "gamma was not applied",
      [](auto& x, auto&, auto& beta, double eps) { return centred(x) / spread(x, eps) + beta; }},
     {"LN-69", "eps was squared: it is added to the variance as it is",
      [](auto& x, auto& gamma, auto& beta, double eps) { return over({-1}, x, gamma, beta, eps * eps); }}}};

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

TEST(LayerNormForward, IsBetaIfAllNumbersOfATokenAreEqual) {
  exercise.call("layer_norm_forward({{7, 7, 7}}, gamma {1, 2, 3}, beta {0.5, -1, 2}, eps 1e-5)", [] {
    return std::tuple(tensor({{7, 7, 7}}), tensor({1, 2, 3}), tensor({0.5, -1, 2}), 1e-5);
  });
}

TEST(LayerNormForward, HoldsForAWideRange) {
  exercise.call(
      "layer_norm_forward({{0, 1000, 0, -3}}, gamma {1.5, -0.5, 2, 1}, beta {0.5, -1, 0.25, 2}, eps 1e-5)",
      [] {
        const Fixture a;
        return std::tuple(tensor({{0, 1000, 0, -3}}), a.gamma, a.beta, 1e-5);
      });
}

TEST(LayerNormForward, KeepsItsDigitsFarFromZero) {
  exercise.call("layer_norm_forward({{8000, 8001, 8003, 8006}}, gamma 1, beta 0, eps 1e-5)", [] {
    return std::tuple(tensor({{8000, 8001, 8003, 8006}}), ones({4}), zeros({4}), 1e-5);
  });
}

TEST(LayerNormForward, DoesNotChangeIfATokenIsShifted) {
  exercise.invariant("", "adding 10 to every number of a token must change nothing", [](auto f) {
    const Fixture a;
    return allclose(f(a.x, a.gamma, a.beta, 1e-5), f(a.x + 10.0, a.gamma, a.beta, 1e-5), 1e-3, 1e-3);
  });
}

TEST(LayerNormForward, LetsNoTokenChangeAnother) {
  exercise.invariant("", "changing the first token of a sequence must not change the others", [](auto f) {
    const Fixture a;
    Tensor changed = a.x.clone();
    changed[0][0].copy_(tensor({9, -9, 3, 0}));
    return allclose(f(a.x, a.gamma, a.beta, 1e-5)[0][1], f(changed, a.gamma, a.beta, 1e-5)[0][1]) &&
           allclose(f(a.x, a.gamma, a.beta, 1e-5)[1], f(changed, a.gamma, a.beta, 1e-5)[1]);
  });
}

}  // namespace
}  // namespace heed::exercise
