#include <cmath>

#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

Tensor right(const Tensor& q, const Tensor& k) { return matmul(q, k.transpose(-2, -1)); }

// The wrong twins.
Tensor features_with_features(const Tensor& q, const Tensor& k) { return matmul(q.transpose(-2, -1), k); }
Tensor keys_first(const Tensor& q, const Tensor& k) { return matmul(k, q.transpose(-2, -1)); }
Tensor not_turned(const Tensor& q, const Tensor& k) { return matmul(q, k); }
Tensor first_axes_turned(const Tensor& q, const Tensor& k) { return matmul(q, k.transpose(0, 1)); }
Tensor place_by_place(const Tensor& q, const Tensor& k) { return q * k; }
Tensor already_scaled(const Tensor& q, const Tensor& k) {
  return right(q, k) / std::sqrt(static_cast<double>(q.size(-1)));
}
Tensor without_history(const Tensor& q, const Tensor& k) { return right(q, k).detach(); }

const tutor::Exercise<decltype(dot_scores)> exercise{
    "02_dot_scores",
    dot_scores,
    right,
    {{"SD-15", "Qᵀ·K compares features with features; compare queries with keys: Q·Kᵀ",
      features_with_features},
     {"SD-19", "rows and columns are exchanged: a row belongs to a query, a column to a key", keys_first},
     {"SD-20", "K was not turned round: its rows must become columns before matmul", not_turned},
     {"SD-21", "transpose(0, 1) turns the first two axes; in a batch the last two are meant",
      first_axes_turned},
     {"SD-22", "numbers were multiplied place by place and not summed; a score is one number",
      place_by_place},
     {"SD-23", "the scores are divided by √d_k already; here they are asked for as they are", already_scaled},
     {"SD-24", "no gradient comes back: the scores were made without a trace of q and k", without_history}}};

// The fixture of this lesson: three queries, five keys, D = 4. All sizes differ, so an axis taken for another shows.
Tensor queries() { return tensor({{1, 0, 2, -1}, {0, 1, -1, 2}, {2, 1, 0, 1}}); }
Tensor keys() { return tensor({{1, 1, 0, 0}, {0, 2, 1, -1}, {-1, 0, 1, 2}, {0, 1, 0, 1}, {2, -1, 1, 0}}); }

TEST(DotScores, HoldOneNumberForEachQueryAndKey) {
  exercise.compare("dot_scores(q (3, 4), k (5, 4))", [](auto f) { return f(queries(), keys()); });
}

TEST(DotScores, HaveARowForEachQueryWhereAllSizesAreTheSame) {
  exercise.compare("dot_scores({{1, 2}, {3, -1}}, {{0, 1}, {4, 2}})", [](auto f) {
    return f(tensor({{1, 2}, {3, -1}}), tensor({{0, 1}, {4, 2}}));
  });
}

TEST(DotScores, KeepTheTextsOfABatchApart) {
  exercise.compare("dot_scores(q (2, 3, 4), k (2, 5, 4))", [](auto f) {
    Generator gen(1);
    const Tensor q = randn({2, 3, 4}, gen);
    return f(q, randn({2, 5, 4}, gen));
  });
  exercise.compare("dot_scores(q (2, 3, 4, 1), k (2, 3, 2, 1))", [](auto f) {
    Generator gen(2);
    const Tensor q = randn({2, 3, 4, 1}, gen);
    return f(q, randn({2, 3, 2, 1}, gen));
  });
}

TEST(DotScores, PassGradientsToQueriesAndKeys) {
  exercise.compare("gradients of q and k, of dot_scores(q (3, 4), k (5, 4))[1][2]", [](auto f) {
    Tensor q = queries().set_requires_grad(), k = keys().set_requires_grad();
    f(q, k)[1][2].backward();
    return std::vector{q.grad(), k.grad()};
  });
}

}  // namespace
}  // namespace heed::exercise
