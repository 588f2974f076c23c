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
    {{"AG-82", "each gradient was scaled by its own norm: there is one norm over all of them, and one factor",
      [](List& gradients, double max_norm) {
        const double norm = length(gradients);
        for (Tensor& g : gradients)
          if (length(g) > max_norm) g.mul_(max_norm / length(g));
        return norm;
      }},
     {"AG-83", "gradients that are short enough were scaled up: scale only if norm > max_norm",
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
     {"AG-85",
      "each element was clamped to [-max_norm, max_norm]: that changes the direction; scale all of them",
      [](List& gradients, double max_norm) {
        const double norm = length(gradients);
        for (Tensor& g : gradients)
          if (g.defined()) g.copy_(clamp(g, -max_norm, max_norm));
        return norm;
      }},
     {"AG-86", "the norms of the gradients were added: add their squares, and take the root of that",
      [](List& gradients, double max_norm) {
        double norm = 0;
        for (const Tensor& g : gradients) norm += length(g);
        if (norm > max_norm) scale(gradients, max_norm / norm);
        return norm;
      }},
     {"AG-87", "the norm after scaling was returned: return the norm as it was before",
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
     {"AG-89", "the factor is upside down: norm / max_norm makes long gradients longer",
      [](List& gradients, double max_norm) {
        const double norm = length(gradients);
        if (norm > max_norm) scale(gradients, norm / max_norm);
        return norm;
      }},
     {"AG-63", "the handles hold other tensors now, and the optimizer's are not scaled: change them in place",
      [](List& gradients, double max_norm) {
        const double norm = length(gradients);
        for (Tensor& g : gradients)
          if (norm > max_norm && g.defined()) g = g * (max_norm / norm);
        return norm;
      }}}};

// Lengths 5 and 12, together 13; a parameter without a gradient between them.
List three() { return {tensor({3, 4}), Tensor(), tensor({{0, -12}, {0, 0}})}; }
void ask(const std::string& text, const List& gradients, double max_norm) {
  exercise.call(text,
                [=] {
                  List copies;
                  for (const Tensor& g : gradients) copies.push_back(g.defined() ? g.clone() : g);
                  return std::tuple(copies, max_norm);
                },
                {.gradients = false});
}

TEST(ClipGradients, ScalesAllByOneFactor) {
  ask("norm and gradients of clip_gradients({{3, 4}, undefined, {{0, -12}, {0, 0}}}, 6.5)", three(), 6.5);
  ask("norm and gradients of clip_gradients({{3, 4}, undefined, {{0, -12}, {0, 0}}}, 2)", three(), 2);
  Generator gen(3);
  const List mixed{randn({2, 3}, gen), randn({4}, gen), scalar(-1.5), randn({1, 2, 2}, gen)};
  ask("norm and gradients of clip_gradients of shapes (2, 3), (4), (), (1, 2, 2), max_norm 0.7", mixed, 0.7);
}

TEST(ClipGradients, LeavesShortGradientsAsTheyAre) {
  ask("norm and gradients of clip_gradients({{3, 4}, undefined, {{0, -12}, {0, 0}}}, 20)", three(), 20);
  ask("norm and gradients of clip_gradients({{3, 4}, undefined, {{0, -12}, {0, 0}}}, 13)", three(), 13);
}

TEST(ClipGradients, OfASingleGradient) {
  ask("norm and gradients of clip_gradients({{3, 4}}, 1.5)", {tensor({3, 4})}, 1.5);
  ask("norm and gradients of clip_gradients({{-8}}, 2)", {tensor({-8})}, 2);
  ask("norm and gradients of clip_gradients({{0.054, -0.072}}, 0.005)", {tensor({0.054, -0.072})}, 0.005);
}

TEST(ClipGradients, OfManyShortOnes) {
  const List eight(8, tensor({1, -1}));
  ask("norm and gradients of clip_gradients of eight times {1, -1}, max_norm 2", eight, 2);
}

TEST(ClipGradients, OfLengthZero) {
  ask("norm and gradients of clip_gradients({{0, 0}, {{0}}}, 1)", {tensor({0, 0}), tensor({{0}})}, 1);
}

TEST(ClipGradients, OfNoGradients) {
  ask("norm and gradients of clip_gradients({}, 1)", {}, 1);
  ask("norm and gradients of clip_gradients({undefined, undefined}, 1)", List(2), 1);
}

TEST(ClipGradients, WritesInPlace) {
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
