#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

Tensor largest(const Tensor& scores) { return max(scores, -1, true).values; }  // of each row
Tensor shares(const Tensor& e) { return e / e.sum({-1}, true); }

// The wrong twins.
Tensor over_queries(const Tensor& scores) { return softmax(scores, -2); }
Tensor over_the_first_axis(const Tensor& scores) { return softmax(scores, 0); }
Tensor over_the_second_axis(const Tensor& scores) { return softmax(scores, 1); }
Tensor scores_themselves(const Tensor& scores) { return scores + 0.0; }
Tensor shares_of_scores(const Tensor& scores) { return shares(scores); }
Tensor hardest(const Tensor& scores) {
  return where(equal(scores, largest(scores)), ones(scores.shape()), zeros(scores.shape()));
}
Tensor even(const Tensor& scores) { return softmax(scores * 0.0, -1); }
Tensor unguarded(const Tensor& scores) { return shares(exp(scores)); }
Tensor one_sum_for_all(const Tensor& scores) {
  const Tensor e = exp(scores - max(scores));
  return e / e.sum();
}
Tensor one_largest_for_all(const Tensor& scores) { return shares(exp(scores - max(scores))); }
Tensor smallest_wins(const Tensor& scores) { return softmax(-scores, -1); }
Tensor logarithms(const Tensor& scores) { return log_softmax(scores, -1); }
Tensor into_the_input(const Tensor& scores) {
  Tensor same = scores;  // another handle of the same numbers
  return same.copy_(softmax(scores, -1));
}
Tensor without_history(const Tensor& scores) { return softmax(scores.detach(), -1); }

const tutor::Exercise<decltype(softmax_rows)> exercise{
    "02_softmax_rows",
    softmax_rows,
    [](const Tensor& scores) { return softmax(scores, -1); },
    {{"SD-06", "each row must sum to 1: softmax over the keys (the last axis), not over the queries",
      over_queries},
     {"SD-29", "softmax over axis 0: in a batch those are the texts. The keys are the last axis",
      over_the_first_axis},
     {"SD-30", "axis 1 holds the keys only where there is no batch: count axes from the end",
      over_the_second_axis},
     {"SD-08", "the scores were handed on as weights, without a softmax", scores_themselves},
     {"SD-33", "the scores were divided by their sum without exp: shares can become negative",
      shares_of_scores},
     {"SD-10", "exp without dividing: divide by the sum of the row", exp},
     {"SD-11", "a sigmoid squashes each score alone: rows do not sum to 1", sigmoid},
     {"SD-13", "the largest score takes all; shares are asked for, so every key gets some", hardest},
     {"SD-14", "all keys get the same share: the scores are not used", even},
     {"SD-16", "exp overflowed: take the largest score of the row away first", unguarded},
     {"SD-18", "one sum for all rows: each row is a whole of its own", one_sum_for_all},
     {"SD-31", "the largest of all scores was taken away, not of each row: low rows become 0/0",
      one_largest_for_all},
     {"SD-32", "the smallest score gets the largest share: a sign is the wrong way round", smallest_wins},
     {"SD-35", "these are the logarithms of the shares: take exp", logarithms},
     {"SD-34", "the scores were changed: a Tensor is a handle, so make a new one instead", into_the_input},
     {"SD-24", "no gradient comes back: the weights were made without a trace of the scores",
      without_history}}};

TEST(SoftmaxRows, AreSharesOfOneWhole) {
  exercise.compare("softmax_rows({{1, 2, -1}, {0, 3, 0.5}})", [](auto f) {
    return f(tensor({{1, 2, -1}, {0, 3, 0.5}}));
  });
}

TEST(SoftmaxRows, StayFiniteWhereTheScoresAreLarge) {
  exercise.compare("softmax_rows({{1000, 1001, 1002}})", [](auto f) {
    return f(tensor({{1000, 1001, 1002}}));
  });
  exercise.compare("softmax_rows({{90, 91, 89.5}, {-100, -101, -99}})", [](auto f) {
    return f(tensor({{90, 91, 89.5}, {-100, -101, -99}}));
  });
}

TEST(SoftmaxRows, OfABatchAreRowsStill) {
  exercise.compare("softmax_rows(scores (2, 3, 4))", [](auto f) {
    Generator gen(4);
    return f(randn({2, 3, 4}, gen));
  });
}

TEST(SoftmaxRows, GiveEverythingToAnOnlyKey) {
  exercise.compare("softmax_rows({{-3}, {0}, {7}})", [](auto f) { return f(tensor({{-3}, {0}, {7}})); });
}

TEST(SoftmaxRows, DoNotChangeWhenARowIsMoved) {
  exercise.invariant("", "adding 5 to every score of a row must not change its weights", [](auto f) {
    const Tensor scores = tensor({{0.5, 0, 2}, {1, -1, 0}}), step = tensor({{5}, {0}});
    return allclose(f(scores), f(scores + step), 1e-5, 1e-5);
  });
}

TEST(SoftmaxRows, LeaveTheScoresAsTheyWere) {
  exercise.invariant("SD-34", "the scores were changed: a Tensor is a handle, so make a new one", [](auto f) {
    const Tensor scores = tensor({{0.5, 0, 2}, {1, -1, 0}}), before = scores.clone();
    f(scores);
    return allclose(scores, before);
  });
}

TEST(SoftmaxRows, AreOfTheTypeOfTheScores) {
  exercise.invariant("", "weights must be of the type of their scores, f32 or f64", [](auto f) {
    const Tensor scores = tensor({{0.5, 0, 2}, {1, -1, 0}});
    return f(scores).dtype() == f32 && f(scores.to(f64)).dtype() == f64;
  });
}

TEST(SoftmaxRows, PassGradientsOn) {
  exercise.compare("the gradient of softmax_rows({{1, 2, -1}, {0, 3, 0.5}})[1][2]", [](auto f) {
    Tensor scores = tensor({{1, 2, -1}, {0, 3, 0.5}}).set_requires_grad();
    f(scores)[1][2].backward();
    return scores.grad();
  });
}

}  // namespace
}  // namespace heed::exercise
