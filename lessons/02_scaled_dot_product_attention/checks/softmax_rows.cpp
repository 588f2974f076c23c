#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

const tutor::Exercise<decltype(softmax_rows)> exercise{
    "02_softmax_rows",
    softmax_rows,
    [](const Tensor& scores) { return softmax(scores, -1); },
    {{"SD-06", "each row must sum to 1: softmax over the keys (the last axis), not over the queries",
      [](const Tensor& scores) { return softmax(scores, 0); }},
     {"SD-08", "the scores were handed on as weights, without a softmax",
      [](const Tensor& scores) { return scores + 0.0; }},
     {"SD-10", "exp without dividing: divide by the sum of the row",
      [](const Tensor& scores) { return exp(scores); }},
     {"SD-11", "a sigmoid squashes each score alone: rows do not sum to 1",
      [](const Tensor& scores) { return sigmoid(scores); }},
     {"SD-16", "exp overflowed: take the largest score of the row away first",
      [](const Tensor& scores) {
        const Tensor e = exp(scores);
        return e / e.sum({-1}, true);
      }},
     {"SD-18", "one sum for all rows: each row is a whole of its own", [](const Tensor& scores) {
        const Tensor e = exp(scores - max(scores));
        return e / e.sum();
      }}}};

TEST(SoftmaxRows, AreSharesOfOneWhole) {
  exercise.compare("softmax_rows({{1, 2, -1}, {0, 3, 0.5}})", [](auto f) {
    return f(tensor({{1, 2, -1}, {0, 3, 0.5}}));
  });
}

TEST(SoftmaxRows, StayFiniteWhereTheScoresAreLarge) {
  exercise.compare("softmax_rows({{1000, 1001, 1002}})", [](auto f) {
    return f(tensor({{1000, 1001, 1002}}));
  });
}

TEST(SoftmaxRows, DoNotChangeWhenARowIsMoved) {
  exercise.invariant("", "adding 5 to every score of a row must not change its weights", [](auto f) {
    const Tensor scores = tensor({{0.5, 0, 2}, {1, -1, 0}});
    return allclose(f(scores), f(scores + 5.0), 1e-5, 1e-5);
  });
}

TEST(SoftmaxRows, PassGradientsOn) {
  exercise.compare("the gradient of weights[0][0] with respect to softmax_rows' scores", [](auto f) {
    Tensor scores = tensor({{1, 2, -1}}).set_requires_grad();
    f(scores).select(1, 0).sum().backward();
    return scores.grad();
  });
}

}  // namespace
}  // namespace heed::exercise
