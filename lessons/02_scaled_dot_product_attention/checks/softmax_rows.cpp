#include <cmath>

#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "lessons/check/check.h"

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
  const DType type = scores.dtype();
  return where(equal(scores, largest(scores)), ones(scores.shape(), type), zeros(scores.shape(), type));
}
Tensor even(const Tensor& scores) { return softmax(zeros(scores.shape(), scores.dtype()), -1); }
Tensor unguarded(const Tensor& scores) { return shares(exp(scores)); }
Tensor one_sum_for_all(const Tensor& scores) {
  const Tensor e = exp(scores - max(scores));
  return e / e.sum();
}
Tensor one_largest_for_all(const Tensor& scores) { return shares(exp(scores - max(scores))); }
Tensor minus_mean(const Tensor& scores) { return shares(exp(scores - scores.mean({-1}, true))); }
Tensor minus_smallest(const Tensor& scores) { return shares(exp(scores - min(scores, -1, true).values)); }
Tensor minus_first(const Tensor& scores) { return shares(exp(scores - scores.slice(-1, 0, 1))); }
Tensor clamped(const Tensor& scores) { return softmax(clamp(scores, -80, 80), -1); }
Tensor minus_largest_of_column(const Tensor& scores) {
  return shares(exp(scores - max(scores, -2, true).values));
}
Tensor smallest_wins(const Tensor& scores) { return softmax(-scores, -1); }
Tensor logarithms(const Tensor& scores) { return log_softmax(scores, -1); }
Tensor into_the_input(const Tensor& scores) {
  Tensor same = scores;  // another handle of the same numbers
  return same.copy_(softmax(scores, -1));
}
Tensor without_history(const Tensor& scores) { return softmax(scores.detach(), -1); }

const checks::Exercise<decltype(softmax_rows)> exercise{
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
     {"SD-61",
      "the mean of the row was subtracted: a score far above it still overflows. Subtract the maximum",
      minus_mean},
     {"SD-62",
      "the minimum of the row was subtracted: the largest score still overflows. Subtract the maximum",
      minus_smallest},
     {"SD-63", "the first score of the row was subtracted: a much larger one overflows. Subtract the maximum",
      minus_first},
     {"SD-64", "large scores were clamped: {1000, 1001} became two equal scores. Subtract the maximum",
      clamped},
     {"SD-65",
      "the maximum of each column was subtracted; a softmax is taken over a row, and so is its maximum",
      minus_largest_of_column},
     {"SD-32", "the smallest score gets the largest share: a sign is the wrong way round", smallest_wins},
     {"SD-35", "these are the logarithms of the shares: take exp", logarithms},
     {"SD-34", "the scores were changed: a Tensor is a handle, so make a new one instead", into_the_input},
     {"SD-24", "no gradient comes back: the weights were made without a trace of the scores",
      without_history}}};

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

TEST(SoftmaxRows, GiveNoWeightToAMaskedScore) {
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

TEST(SoftmaxRows, AreOfTheTypeOfTheScores) {
  exercise.invariant("", "the weights must have the type of the scores: f32 for f32", [](auto f) {
    return f(tensor({{0.5, 0, 2}, {1, -1, 0}})).dtype() == f32;
  });
}

TEST(SoftmaxRows, GiveEverythingToAnOnlyKey) {
  exercise.call("softmax_rows({{-3}, {0}, {7}})", [] { return std::tuple{tensor({{-3}, {0}, {7}})}; });
}

}  // namespace
}  // namespace heed::exercise
