#include <cmath>
#include <utility>

#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Tensor reference(const Tensor& q, const Tensor& k) { return matmul(q, k.transpose(-2, -1)); }

// The wrong twins.
Tensor features_with_features(const Tensor& q, const Tensor& k) { return matmul(q.transpose(-2, -1), k); }
Tensor keys_by_queries(const Tensor& q, const Tensor& k) { return matmul(k, q.transpose(-2, -1)); }
Tensor not_transposed(const Tensor& q, const Tensor& k) { return matmul(q, k); }
Tensor reshaped(const Tensor& q, const Tensor& k) {
  Shape shape = k.shape();
  std::swap(shape[k.rank() - 2], shape[k.rank() - 1]);
  return matmul(q, k.reshape(shape));
}
Tensor first_axes_transposed(const Tensor& q, const Tensor& k) { return matmul(q, k.transpose(0, 1)); }
Tensor elementwise(const Tensor& q, const Tensor& k) { return q * k; }
Tensor already_scaled(const Tensor& q, const Tensor& k) {
  return reference(q, k) / std::sqrt(static_cast<double>(q.size(-1)));
}
Tensor detached(const Tensor& q, const Tensor& k) { return reference(q, k).detach(); }

const checks::Exercise<decltype(dot_scores)> exercise{
    "02_dot_scores",
    dot_scores,
    reference,
    {{"SD-15", "Qᵀ·K compares features with features; compare queries with keys: Q·Kᵀ",
      features_with_features},
     {"SD-19", "rows and columns are exchanged: each row is a query, each column a key", keys_by_queries},
     {"SD-20", "K was not transposed: its rows must become columns before matmul", not_transposed},
     {"SD-66", "K was reshaped to (D, S), which keeps the memory order. Transpose its last two axes",
      reshaped},
     {"SD-21", "transpose(0, 1) exchanges the first two axes. Exchange the last two, also in a batch",
      first_axes_transposed},
     {"SD-22", "the product is elementwise and not summed: a score is one number per pair", elementwise},
     {"SD-23", "the scores were divided by √d_k: this exercise returns the plain products", already_scaled},
     {"SD-24", "no gradient flows back to q and k: the scores were not computed with ops on them",
      detached}}};

// The fixture of this lesson: three queries, five keys, D = 4. All sizes differ, so exchanged axes are
// detected.
Tensor queries() { return tensor({{1, 0, 2, -1}, {0, 1, -1, 2}, {2, 1, 0, 1}}); }
Tensor keys() { return tensor({{1, 1, 0, 0}, {0, 2, 1, -1}, {-1, 0, 1, 2}, {0, 1, 0, 1}, {2, -1, 1, 0}}); }

TEST(DotScores, AreOneNumberPerQueryAndKey) {
  exercise.call("dot_scores(q (3, 4), k (5, 4))", [] { return std::tuple{queries(), keys()}; });
  exercise.call("dot_scores(q (1, 4), k (5, 4))", [] {
    return std::tuple{queries().slice(0, 1, 2), keys()};
  });
  exercise.call("dot_scores(q (3, 4), k (1, 4))", [] {
    return std::tuple{queries(), keys().slice(0, 4, 5)};
  });
}

TEST(DotScores, HaveARowPerQueryIfAllSizesAreEqual) {
  exercise.call("dot_scores({{1, 2}, {3, -1}}, {{0, 1}, {4, 2}})", [] {
    return std::tuple{tensor({{1, 2}, {3, -1}}), tensor({{0, 1}, {4, 2}})};
  });
}

TEST(DotScores, KeepTheSequencesOfABatchSeparate) {
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

// wrong edit SD-19: `matmul(q, k.transpose(-2, -1))` => `matmul(k, q.transpose(-2, -1))`
