#include <cmath>

#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Tensor products(const Tensor& q, const Tensor& k) { return matmul(q, k.transpose(-2, -1)); }
double root(index_t n) { return std::sqrt(static_cast<double>(n)); }
Tensor reference(const Tensor& q, const Tensor& k) { return products(q, k) / root(q.size(-1)); }

// The wrong twins.
Tensor divided_by_d(const Tensor& q, const Tensor& k) {
  return products(q, k) / static_cast<double>(q.size(-1));
}
Tensor times_root(const Tensor& q, const Tensor& k) { return products(q, k) * root(q.size(-1)); }
Tensor by_root_of_keys(const Tensor& q, const Tensor& k) { return products(q, k) / root(k.size(-2)); }
Tensor by_root_of_queries(const Tensor& q, const Tensor& k) { return products(q, k) / root(q.size(-2)); }
Tensor integer_division(const Tensor& q, const Tensor& k) {
  const index_t one_over_d = 1 / q.size(-1);
  return products(q, k) * root(one_over_d);
}
Tensor rounded_root(const Tensor& q, const Tensor& k) {
  return products(q, k) / std::floor(root(q.size(-1)));
}
Tensor second_axis(const Tensor& q, const Tensor& k) { return products(q, k) / root(q.size(1)); }
Tensor divided_by_2(const Tensor& q, const Tensor& k) { return products(q, k) / 2.0; }
Tensor detached(const Tensor& q, const Tensor& k) { return reference(q, k).detach(); }

const checks::Exercise<decltype(scaled_scores)> exercise{
    "02_scaled_scores",
    scaled_scores,
    reference,
    {{"SD-01", "the scores were not divided by √d_k", products},
     {"SD-02", "the scores were divided by d_k; divide by its square root", divided_by_d},
     {"SD-03", "the scores were multiplied by √d_k; divide", times_root},
     {"SD-05", "the scores were divided by √S: use the width of a key, not the number of keys",
      by_root_of_keys},
     {"SD-25", "the scores were divided by √T: use the width of a query, not the number of queries",
      by_root_of_queries},
     {"SD-26", "all scores are 0: dividing integers gives an integer, and 1 / 4 is 0", integer_division},
     {"SD-60", "√d_k was rounded to an integer: √5 is not 2. Keep it in a double", rounded_root},
     {"SD-27", "size(1) is the width only without a batch: count axes from the end", second_axis},
     {"SD-28", "the scores were divided by 2, which is √d_k only for d_k = 4", divided_by_2},
     {"SD-24", "no gradient flows back to q and k: the scores were not computed with ops on them",
      detached}}};

Tensor queries() { return tensor({{1, 0, 2, -1}, {0, 1, -1, 2}, {2, 1, 0, 1}}); }
Tensor keys() { return tensor({{1, 1, 0, 0}, {0, 2, 1, -1}, {-1, 0, 1, 2}, {0, 1, 0, 1}, {2, -1, 1, 0.5}}); }

std::tuple<Tensor, Tensor> random(const Shape& q, const Shape& k) {
  Generator gen(6);
  return std::tuple{randn(q, gen), randn(k, gen)};
}

TEST(ScaledScores, OfThreeQueriesAndFiveKeys) {
  exercise.call("scaled_scores(q (3, 4), k (5, 4))", [] { return std::tuple{queries(), keys()}; });
  exercise.call("scaled_scores(q (1, 4), k (5, 4))", [] {
    return std::tuple{queries().slice(0, 1, 2), keys()};
  });
}

TEST(ScaledScores, AreScaledByTheWidthOfTheVectors) {
  exercise.call("scaled_scores(q (2, 9), k (3, 9))", [] { return random({2, 9}, {3, 9}); });
  exercise.call("scaled_scores(q (3, 11), k (3, 11))", [] { return random({3, 11}, {3, 11}); });
  exercise.call("scaled_scores({{3}, {-2}}, {{1}, {2}, {5}})", [] {
    return std::tuple{tensor({{3}, {-2}}), tensor({{1}, {2}, {5}})};
  });
}

TEST(ScaledScores, OfABatch) {
  exercise.call("scaled_scores(q (2, 3, 11), k (2, 5, 11))", [] { return random({2, 3, 11}, {2, 5, 11}); });
  exercise.call("scaled_scores(q (1, 3, 7), k (1, 5, 7))", [] { return random({1, 3, 7}, {1, 5, 7}); });
  exercise.call("scaled_scores(q (3, 2, 4, 8), k (3, 2, 4, 8))", [] {
    return random({3, 2, 4, 8}, {3, 2, 4, 8});
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit SD-02: `std::sqrt(d_k)` => `d_k`
