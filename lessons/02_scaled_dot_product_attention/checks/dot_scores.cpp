#include <cmath>
#include <utility>

#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Tensor right(const Tensor& q, const Tensor& k) { return matmul(q, k.transpose(-2, -1)); }

// The wrong twins.
Tensor features_with_features(const Tensor& q, const Tensor& k) { return matmul(q.transpose(-2, -1), k); }
Tensor keys_first(const Tensor& q, const Tensor& k) { return matmul(k, q.transpose(-2, -1)); }
Tensor not_turned(const Tensor& q, const Tensor& k) { return matmul(q, k); }
Tensor reshaped(const Tensor& q, const Tensor& k) {
  Shape shape = k.shape();
  std::swap(shape[k.rank() - 2], shape[k.rank() - 1]);
  return matmul(q, k.reshape(shape));
}
Tensor first_axes_turned(const Tensor& q, const Tensor& k) { return matmul(q, k.transpose(0, 1)); }
Tensor place_by_place(const Tensor& q, const Tensor& k) { return q * k; }
Tensor already_scaled(const Tensor& q, const Tensor& k) {
  return right(q, k) / std::sqrt(static_cast<double>(q.size(-1)));
}
Tensor without_history(const Tensor& q, const Tensor& k) { return right(q, k).detach(); }

const checks::Exercise<decltype(dot_scores)> exercise{
    "02_dot_scores",
    dot_scores,
    right,
    {{"SD-15", "Qᵀ·K compares features with features; compare queries with keys: Q·Kᵀ",
      features_with_features},
     {"SD-19", "rows and columns are exchanged: a row belongs to a query, a column to a key", keys_first},
     {"SD-20", "K was not turned round: its rows must become columns before matmul", not_turned},
     {"SD-66", "K was reshaped to (D, S): a reshape moves no number. Transpose its last two axes", reshaped},
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
  exercise.call("dot_scores(q (3, 4), k (5, 4))", [] { return std::tuple{queries(), keys()}; });
  exercise.call("dot_scores(q (1, 4), k (5, 4))", [] {
    return std::tuple{queries().slice(0, 1, 2), keys()};
  });
  exercise.call("dot_scores(q (3, 4), k (1, 4))", [] {
    return std::tuple{queries(), keys().slice(0, 4, 5)};
  });
}

TEST(DotScores, HaveARowForEachQueryIfAllSizesAreTheSame) {
  exercise.call("dot_scores({{1, 2}, {3, -1}}, {{0, 1}, {4, 2}})", [] {
    return std::tuple{tensor({{1, 2}, {3, -1}}), tensor({{0, 1}, {4, 2}})};
  });
}

TEST(DotScores, KeepTheSequencesOfABatchApart) {
  const auto random = [](const Shape& q, const Shape& k) {
    Generator gen(1);
    return std::tuple{randn(q, gen), randn(k, gen)};
  };
  exercise.call("dot_scores(q (2, 3, 4), k (2, 5, 4))", [&] { return random({2, 3, 4}, {2, 5, 4}); });
  exercise.call("dot_scores(q (1, 3, 4), k (1, 2, 4))", [&] { return random({1, 3, 4}, {1, 2, 4}); });
  exercise.call("dot_scores(q (3, 3, 3), k (3, 3, 3))", [&] { return random({3, 3, 3}, {3, 3, 3}); });
  exercise.call("dot_scores(q (2, 3, 4, 2), k (2, 3, 5, 2))", [&] {
    return random({2, 3, 4, 2}, {2, 3, 5, 2});
  });
}

}  // namespace
}  // namespace heed::exercise
