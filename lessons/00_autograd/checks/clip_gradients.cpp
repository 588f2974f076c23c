#include <cmath>

#include "lessons/00_autograd/exercises.h"
#include "lessons/check/check.h"
#include "optim/clip.h"

namespace heed::exercise {
namespace {

using List = std::vector<Tensor>;

double length(const Tensor& g) { return g.defined() ? std::sqrt((g * g).sum().item()) : 0; }
double length(const List& gradients) {
  double squares = 0;
  for (const Tensor& g : gradients) squares += length(g) * length(g);
  return std::sqrt(squares);
}
void scale(List& gradients, double factor) {
  for (Tensor& g : gradients)
    if (g.defined()) g.mul_(factor);
}

const checks::Exercise<decltype(clip_gradients)> exercise{
    "00_clip_gradients",
    clip_gradients,
    [](List& gradients, double max_norm) {
      List parameters, defined;
      for (const Tensor& g : gradients) {
        if (!g.defined()) continue;
        defined.push_back(g);
        parameters.push_back(zeros(g.shape(), g.dtype()));
        parameters.back().set_grad(g);
      }
      const double norm = optim::clip_grad_norm(parameters, max_norm);
      for (std::size_t i = 0; i < defined.size(); ++i) defined[i].copy_(parameters[i].grad());
      return norm;
    },
    {{"AG-82", "each gradient was scaled by its own norm: compute one norm and one factor for all of them",
      [](List& gradients, double max_norm) {
        const double norm = length(gradients);
        for (Tensor& g : gradients)
          if (length(g) > max_norm) g.mul_(max_norm / length(g));
        return norm;
      }},
     {"AG-83", "short gradients were scaled up: scale only if norm > max_norm",
      [](List& gradients, double max_norm) {
        const double norm = length(gradients);
        scale(gradients, max_norm / norm);
        return norm;
      }},
     {"AG-84", "the root is missing: the norm is the root of the sum of squares",
      [](List& gradients, double max_norm) {
        const double norm = length(gradients) * length(gradients);
        if (norm > max_norm) scale(gradients, max_norm / norm);
        return norm;
      }},
     {"AG-85", "each element was clamped, which changes the direction: multiply all by one factor",
      [](List& gradients, double max_norm) {
        const double norm = length(gradients);
        for (Tensor& g : gradients)
          if (g.defined()) g.copy_(clamp(g, -max_norm, max_norm));
        return norm;
      }},
     {"AG-86", "the norms of the gradients were added: add their squares and take the root",
      [](List& gradients, double max_norm) {
        double norm = 0;
        for (const Tensor& g : gradients) norm += length(g);
        if (norm > max_norm) scale(gradients, max_norm / norm);
        return norm;
      }},
     {"AG-87", "the norm after clipping was returned: return the norm before clipping",
      [](List& gradients, double max_norm) {
        const double norm = length(gradients);
        if (norm > max_norm) scale(gradients, max_norm / norm);
        return std::min(norm, max_norm);
      }},
     {"AG-88", "the gradients were scaled to length 1: multiply by max_norm / norm, not by 1 / norm",
      [](List& gradients, double max_norm) {
        const double norm = length(gradients);
        if (norm > max_norm) scale(gradients, 1 / norm);
        return norm;
      }},
     {"AG-89", "the factor is inverted: norm / max_norm makes long gradients longer",
      [](List& gradients, double max_norm) {
        const double norm = length(gradients);
        if (norm > max_norm) scale(gradients, norm / max_norm);
        return norm;
      }},
     {"AG-63", "the gradients were replaced by new tensors; the optimizer does not see them. Use mul_",
      [](List& gradients, double max_norm) {
        const double norm = length(gradients);
        for (Tensor& g : gradients)
          if (norm > max_norm && g.defined()) g = g * (max_norm / norm);
        return norm;
      }}}};

// Gradients of lengths 5 and 12, with a global norm of 13, and an undefined one between them.
List three() { return {tensor({3, 4}), Tensor(), tensor({{0, -12}, {0, 0}})}; }
void compare(const std::string& text, const List& gradients, double max_norm) {
  exercise.call(text,
                [=] {
                  List copies;
                  for (const Tensor& g : gradients) copies.push_back(g.defined() ? g.clone() : g);
                  return std::tuple(copies, max_norm);
                },
                {.gradients = false});
}

TEST(ClipGradients, ScalesAllByOneFactor) {
  compare("norm and gradients of clip_gradients({{3, 4}, undefined, {{0, -12}, {0, 0}}}, 6.5)", three(), 6.5);
  compare("norm and gradients of clip_gradients({{3, 4}, undefined, {{0, -12}, {0, 0}}}, 2)", three(), 2);
  Generator gen(3);
  const List mixed{randn({2, 3}, gen), randn({4}, gen), scalar(-1.5), randn({1, 2, 2}, gen)};
  compare("norm and gradients of clip_gradients of shapes (2, 3), (4), (), (1, 2, 2), max_norm 0.7", mixed,
          0.7);
}

TEST(ClipGradients, DoesNotChangeShortGradients) {
  compare("norm and gradients of clip_gradients({{3, 4}, undefined, {{0, -12}, {0, 0}}}, 20)", three(), 20);
  compare("norm and gradients of clip_gradients({{3, 4}, undefined, {{0, -12}, {0, 0}}}, 13)", three(), 13);
}

TEST(ClipGradients, OfASingleGradient) {
  compare("norm and gradients of clip_gradients({{3, 4}}, 1.5)", {tensor({3, 4})}, 1.5);
  compare("norm and gradients of clip_gradients({{-8}}, 2)", {tensor({-8})}, 2);
  compare("norm and gradients of clip_gradients({{0.054, -0.072}}, 0.005)", {tensor({0.054, -0.072})}, 0.005);
}

TEST(ClipGradients, OfManyShortGradients) {
  const List eight(8, tensor({1, -1}));
  compare("norm and gradients of clip_gradients of eight times {1, -1}, max_norm 2", eight, 2);
}

TEST(ClipGradients, OfLengthZero) {
  compare("norm and gradients of clip_gradients({{0, 0}, {{0}}}, 1)", {tensor({0, 0}), tensor({{0}})}, 1);
}

TEST(ClipGradients, OfNoGradients) {
  compare("norm and gradients of clip_gradients({}, 1)", {}, 1);
  compare("norm and gradients of clip_gradients({undefined, undefined}, 1)", List(2), 1);
}

TEST(ClipGradients, ChangesGradientsInPlace) {
  exercise.compare("another handle of the gradient {3, 4} after clip_gradients with max_norm 2.5",
                   [](auto f) {
                     const Tensor held = tensor({3, 4});
                     List gradients{held};
                     f(gradients, 2.5);
                     return held;
                   });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit AG-83: `if (norm > max_norm)` => `if (max_norm > 0)`
