#include "lessons/05_transformer_architecture/exercises.h"
#include "lessons/tutor/check.h"

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

const tutor::Exercise<decltype(layer_norm_forward)> exercise{
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
      }}}};

// Two texts of three words with four channels.
struct Fixture {
  Tensor x = tensor(
      {{{1, 0, 2, -1}, {3, 1, -2, 0.5}, {0, 4, 1, 1}}, {{-1, 2, 2, 5}, {0.5, -3, 1, 0}, {6, -2, -1, 4}}});
  Tensor gamma = tensor({1.5, -0.5, 2, 1}), beta = tensor({0.5, -1, 0.25, 2});
};

TEST(LayerNormForward, OfOneWordByHand) {
  exercise.compare("layer_norm_forward({{1, 0, 0, 0}}, gamma 1, beta 0, eps 1e-5)", [](auto f) {
    return f(tensor({{1, 0, 0, 0}}), ones({4}), zeros({4}), 1e-5);
  });
}

TEST(LayerNormForward, ScalesAndShiftsEachWordOfEachText) {
  exercise.compare("layer_norm_forward(x (2, 3, 4), gamma (4), beta (4), eps 1e-5)", [](auto f) {
    const Fixture a;
    return f(a.x, a.gamma, a.beta, 1e-5);
  });
}

TEST(LayerNormForward, ReadsEpsUnderTheRoot) {
  exercise.compare("layer_norm_forward({{0.001, -0.001}}, gamma 1, beta 0, eps 1e-5)", [](auto f) {
    return f(tensor({{0.001, -0.001}}), ones({2}), zeros({2}), 1e-5);
  });
  exercise.compare("layer_norm_forward({{1, 2, 4}}, gamma 1, beta 0, eps 0.5)", [](auto f) {
    return f(tensor({{1, 2, 4}}), ones({3}), zeros({3}), 0.5);
  });
}

TEST(LayerNormForward, IsBetaWhereAllNumbersOfAWordAreEqual) {
  exercise.compare("layer_norm_forward({{7, 7, 7}}, gamma {1, 2, 3}, beta {0.5, -1, 2}, eps 1e-5)",
                   [](auto f) {
                     return f(tensor({{7, 7, 7}}), tensor({1, 2, 3}), tensor({0.5, -1, 2}), 1e-5);
                   });
}

TEST(LayerNormForward, KeepsItsDigitsFarFromZero) {
  exercise.compare("layer_norm_forward({{8000, 8001, 8003, 8006}}, gamma 1, beta 0, eps 1e-5)", [](auto f) {
    return f(tensor({{8000, 8001, 8003, 8006}}), ones({4}), zeros({4}), 1e-5);
  });
}

TEST(LayerNormForward, DoesNotCareWhereTheNumbersStand) {
  exercise.invariant("LN-05", "adding 10 to every number of a word must change nothing", [](auto f) {
    const Fixture a;
    return allclose(f(a.x, a.gamma, a.beta, 1e-5), f(a.x + 10.0, a.gamma, a.beta, 1e-5), 1e-3, 1e-3);
  });
}

TEST(LayerNormForward, LetsNoWordChangeAnother) {
  exercise.invariant("LN-09", "changing the first word of a text must not move the others", [](auto f) {
    const Fixture a;
    Tensor changed = a.x.clone();
    changed[0][0].copy_(tensor({9, -9, 3, 0}));
    return allclose(f(a.x, a.gamma, a.beta, 1e-5)[0][1], f(changed, a.gamma, a.beta, 1e-5)[0][1]) &&
           allclose(f(a.x, a.gamma, a.beta, 1e-5)[1], f(changed, a.gamma, a.beta, 1e-5)[1]);
  });
}

TEST(LayerNormForward, PassesGradientsOn) {
  exercise.compare("the gradients of x, gamma and beta from (layer_norm_forward(x, …) * x²).sum()",
                   [](auto f) {
                     Fixture a;
                     a.x.set_requires_grad(), a.gamma.set_requires_grad(), a.beta.set_requires_grad();
                     (f(a.x, a.gamma, a.beta, 1e-5) * a.x.detach() * a.x.detach()).sum().backward();
                     return std::vector<Tensor>{a.x.grad(), a.gamma.grad(), a.beta.grad()};
                   });
}

TEST(LayerNormForward, LeavesItsInputsAloneAndKeepsTheirType) {
  exercise.compare("x, gamma, beta after layer_norm_forward(x, gamma, beta, eps)", [](auto f) {
    const Fixture a;
    f(a.x, a.gamma, a.beta, 1e-5);
    return std::vector<Tensor>{a.x, a.gamma, a.beta};
  });
  exercise.compare("layer_norm_forward(x, gamma, beta, eps 1e-5) of f64 numbers", [](auto f) {
    const Fixture a;
    const Tensor exact = f(a.x.to(f64), a.gamma.to(f64), a.beta.to(f64), 1e-5);
    return exact.dtype() == f64 ? exact : zeros({1});
  });
}

}  // namespace
}  // namespace heed::exercise
