#include <cmath>

#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// The maximum of each row.
Tensor largest(const Tensor& scores) { return max(scores, -1, true).values; }
Tensor normalise_rows(const Tensor& e) { return e / e.sum({-1}, true); }

// The wrong twins.
Tensor over_queries(const Tensor& scores) { return softmax(scores, -2); }
Tensor over_first_axis(const Tensor& scores) { return softmax(scores, 0); }
Tensor over_second_axis(const Tensor& scores) { return softmax(scores, 1); }
Tensor scores_as_weights(const Tensor& scores) { return scores + 0.0; }
Tensor scores_over_sum(const Tensor& scores) { return normalise_rows(scores); }
Tensor argmax_only(const Tensor& scores) {
  const DType type = scores.dtype();
  return where(equal(scores, largest(scores)), ones(scores.shape(), type), zeros(scores.shape(), type));
}
Tensor uniform(const Tensor& scores) { return softmax(zeros(scores.shape(), scores.dtype()), -1); }
Tensor without_maximum(const Tensor& scores) { return normalise_rows(exp(scores)); }
Tensor one_sum_for_all(const Tensor& scores) {
  const Tensor e = exp(scores - max(scores));
  return e / e.sum();
}
Tensor one_maximum_for_all(const Tensor& scores) { return normalise_rows(exp(scores - max(scores))); }
Tensor minus_mean(const Tensor& scores) { return normalise_rows(exp(scores - scores.mean({-1}, true))); }
Tensor minus_minimum(const Tensor& scores) {
  return normalise_rows(exp(scores - min(scores, -1, true).values));
}
Tensor minus_first(const Tensor& scores) { return normalise_rows(exp(scores - scores.slice(-1, 0, 1))); }
Tensor clamped(const Tensor& scores) { return softmax(clamp(scores, -80, 80), -1); }
Tensor minus_column_maximum(const Tensor& scores) {
  return normalise_rows(exp(scores - max(scores, -2, true).values));
}
Tensor negated(const Tensor& scores) { return softmax(-scores, -1); }
Tensor logarithms(const Tensor& scores) { return log_softmax(scores, -1); }
Tensor input_modified(const Tensor& scores) {
  Tensor alias = scores;  // another handle to the same numbers
  return alias.copy_(softmax(scores, -1));
}
Tensor detached(const Tensor& scores) { return softmax(scores.detach(), -1); }

const checks::Exercise<decltype(softmax_rows)> exercise{
    "02_softmax_rows",
    softmax_rows,
    [](const Tensor& scores) { return softmax(scores, -1); },
    {{"SD-06", "each row must sum to 1: softmax over the keys (the last axis), not over the queries",
      over_queries},
     {"SD-29", "softmax over axis 0: in a batch those are the sequences. The keys are the last axis",
      over_first_axis},
     {"SD-30", "axis 1 holds the keys only without a batch: count axes from the end", over_second_axis},
     {"SD-08", "the scores were used as weights, without a softmax", scores_as_weights},
     {"SD-33", "the scores were divided by their sum without exp: weights can become negative",
      scores_over_sum},
     {"SD-10", "exp without normalisation: divide by the sum of the row", exp},
     {"SD-11", "a sigmoid maps each score independently: rows do not sum to 1", sigmoid},
     {"SD-13", "only the largest score gets weight: a softmax gives every key some", argmax_only},
     {"SD-14", "all keys get the same weight: the scores are not used", uniform},
     {"SD-16", "exp overflowed: subtract the maximum of the row first", without_maximum},
     {"SD-18", "one sum for all rows: each row must sum to 1", one_sum_for_all},
     {"SD-31", "the maximum of all scores was subtracted, not that of each row: low rows become 0/0",
      one_maximum_for_all},
     {"SD-61", "the mean of the row was subtracted: a much larger score overflows. Subtract the maximum",
      minus_mean},
     {"SD-62",
      "the minimum of the row was subtracted: the largest score still overflows. Subtract the maximum",
      minus_minimum},
     {"SD-63", "the first score of the row was subtracted: a much larger one overflows. Subtract the maximum",
      minus_first},
     {"SD-64", "large scores were clamped: {1000, 1001} became two equal scores. Subtract the maximum",
      clamped},
     {"SD-65", "the maximum of each column was subtracted; subtract the maximum of each row",
      minus_column_maximum},
     {"SD-32", "the smallest score gets the largest weight: the sign is wrong", negated},
     {"SD-35", "these are the logarithms of the weights: apply exp", logarithms},
     {"SD-34", "the input was modified: a Tensor is a handle. Return a new tensor instead", input_modified},
     {"SD-24", "no gradient flows back: the weights were not computed with ops on the scores", detached}}};

TEST(SoftmaxRows, SumToOne) {
  exercise.call("softmax_rows({{1, 2, -1}, {0, 3, 0.5}})", [] {
    return std::tuple{tensor({{1, 2, -1}, {0, 3, 0.5}})};
  });
  exercise.call("softmax_rows({{2, -1, 0.5, 1}})", [] { return std::tuple{tensor({{2, -1, 0.5, 1}})}; });
  exercise.call("softmax_rows({{1, 2, -1}, {0, 3, 0.5}, {-2, 0.5, 1}})", [] {
    return std::tuple{tensor({{1, 2, -1}, {0, 3, 0.5}, {-2, 0.5, 1}})};
  });
}

TEST(SoftmaxRows, StayFiniteIfTheScoresAreLarge) {
  exercise.call("softmax_rows({{1000, 1001, 1002}})", [] {
    return std::tuple{tensor({{1000, 1001, 1002}})};
  });
  exercise.call("softmax_rows({{90, 91, 89.5}, {-100, -101, -99}})", [] {
    return std::tuple{tensor({{90, 91, 89.5}, {-100, -101, -99}})};
  });
}

TEST(SoftmaxRows, StayFiniteIfTheScoresOfARowLieFarApart) {
  exercise.call("softmax_rows({{0, 1000}, {1000, 0}, {-1000, -1001}})", [] {
    return std::tuple{tensor({{0, 1000}, {1000, 0}, {-1000, -1001}})};
  });
  exercise.call("softmax_rows({{1000, 999, 0, 0, 0, 0}, {0, 0, 0, 0, 999, 1000}})", [] {
    return std::tuple{tensor({{1000, 999, 0, 0, 0, 0}, {0, 0, 0, 0, 999, 1000}})};
  });
  exercise.call("softmax_rows({{50, 50, 50, 120}})", [] { return std::tuple{tensor({{50, 50, 50, 120}})}; });
  exercise.call("softmax_rows({{0, 0, -100, 1}})", [] { return std::tuple{tensor({{0, 0, -100, 1}})}; });
}

TEST(SoftmaxRows, OfAMaskedScoreIsZero) {
  exercise.call("softmax_rows({{-INFINITY, 0, 1}, {2, -INFINITY, -INFINITY}})", [] {
    return std::tuple{tensor({{-INFINITY, 0, 1}, {2, -INFINITY, -INFINITY}})};
  });
}

TEST(SoftmaxRows, OfABatch) {
  for (const index_t batch : {1, 2})
    exercise.call(concat("softmax_rows(scores (", batch, ", 3, 4))"), [&] {
      Generator gen(4);
      return std::tuple{randn({batch, 3, 4}, gen)};
    });
  exercise.call("softmax_rows(scores (2, 3, 3, 2))", [] {
    Generator gen(4);
    return std::tuple{randn({2, 3, 3, 2}, gen)};
  });
}

TEST(SoftmaxRows, HaveTheTypeOfTheScores) {
  exercise.invariant("", "the weights must have the type of the scores: f32 for f32", [](auto f) {
    return f(tensor({{0.5, 0, 2}, {1, -1, 0}})).dtype() == f32;
  });
}

TEST(SoftmaxRows, OfASingleKeyIsOne) {
  exercise.call("softmax_rows({{-3}, {0}, {7}})", [] { return std::tuple{tensor({{-3}, {0}, {7}})}; });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit SD-16: `exp(scores - largest)` => `exp(scores)`
