#include <cmath>

#include "lessons/10_gpt/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Tensor kth(const Tensor& x, index_t k) { return topk(x, k).values.slice(1, k - 1, k); }
Tensor cut(const Tensor& x, const Tensor& least, double to = -INFINITY) {
  return where(x < least, full(x.shape(), to, x.dtype()), x);
}
Tensor reference(const Tensor& x, index_t k) { return cut(x, kth(x, k)); }
Tensor zeros_instead(const Tensor& x, index_t k) { return cut(x, kth(x, k), 0); }
Tensor large_negative(const Tensor& x, index_t k) { return cut(x, kth(x, k), -1e4); }
Tensor smallest(const Tensor& x, index_t k) {
  const Tensor threshold = -kth(-x, k);
  return where(x > threshold, full(x.shape(), -INFINITY, x.dtype()), x);
}
Tensor first_rows_threshold(const Tensor& x, index_t k) { return cut(x, kth(x, k).slice(0, 0, 1)); }
Tensor of_the_whole_batch(const Tensor& x, index_t k) {
  return cut(x, topk(x.reshape({-1}), k).values.slice(0, k - 1, k));
}
Tensor one_too_many(const Tensor& x, index_t k) { return reference(x, std::min<index_t>(k + 1, x.size(1))); }
Tensor one_too_few(const Tensor& x, index_t k) {
  return where(x <= kth(x, k), full(x.shape(), -INFINITY, x.dtype()), x);
}
Tensor only_the_best(const Tensor& x, index_t) { return reference(x, 1); }
Tensor nothing_cut(const Tensor& x, index_t) { return x + 0.0; }
Tensor probabilities(const Tensor& x, index_t k) { return softmax(reference(x, k), -1); }
Tensor not_renormalised(const Tensor& x, index_t k) { return cut(softmax(x, -1), kth(softmax(x, -1), k), 0); }

const checks::Exercise<decltype(keep_top_k)> exercise{
    "10_keep_top_k",
    keep_top_k,
    reference,
    {{"GP-20", "cut to 0, which is a high logit if the others are negative: cut to -infinity", zeros_instead},
     {"GP-63", "cut to a large negative number: only -infinity always has probability 0", large_negative},
     {"GP-21", "the k smallest were kept", smallest},
     {"GP-22", "one threshold for the whole batch: each row needs its own", first_rows_threshold},
     {"GP-64", "the k largest of the whole batch were kept: keep k in each row", of_the_whole_batch},
     {"GP-23", "one token too many remains: the k-th largest has index k - 1", one_too_many},
     {"GP-65", "the k-th largest itself was cut off: cut off only smaller ones", one_too_few},
     {"GP-24", "only the best token is left for every k", only_the_best},
     {"GP-25", "nothing was cut off", nothing_cut},
     {"GP-66", "these are probabilities: return logits, the kept ones unchanged", probabilities},
     {"GP-67", "probabilities were cut and no longer sum to 1: cut the logits before the softmax",
      not_renormalised}}};

// The result contains -infinity, so its gradient is only checked behind a softmax.
constexpr checks::Forms no_gradients{.gradients = false};

TEST(KeepTopK, KeepsTheLargestOfEachRow) {
  exercise.call(
      "keep_top_k({{1, 3, -2, 2}, {-4, -1, -3, -2}}, 2)",
      [] {
        return std::tuple(tensor({{1, 3, -2, 2}, {-4, -1, -3, -2}}), index_t{2});
      },
      no_gradients);
  exercise.call(
      "keep_top_k({{-1, -3, -2, -5}, {7, 5, 6, 8}, {2, 0, 1, -1}}, 3)",
      [] {
        return std::tuple(tensor({{-1, -3, -2, -5}, {7, 5, 6, 8}, {2, 0, 1, -1}}), index_t{3});
      },
      no_gradients);
}
TEST(KeepTopK, OfASingleRow) {
  exercise.call(
      "keep_top_k({{0.5, 4, -1, 2, 3}}, 2)",
      [] {
        return std::tuple(tensor({{0.5, 4, -1, 2, 3}}), index_t{2});
      },
      no_gradients);
}
TEST(KeepTopK, KeepsTheBestIfKIsOne) {
  exercise.call(
      "keep_top_k({{1, 3, -2}, {-4, -1, -3}}, 1)",
      [] {
        return std::tuple(tensor({{1, 3, -2}, {-4, -1, -3}}), index_t{1});
      },
      no_gradients);
}
TEST(KeepTopK, KeepsAllIfKIsTheVocabulary) {
  exercise.call(
      "keep_top_k({{0.5, -1, 2}, {1, 0, -3}}, 3)",
      [] {
        return std::tuple(tensor({{0.5, -1, 2}, {1, 0, -3}}), index_t{3});
      },
      no_gradients);
}
TEST(KeepTopK, IsCorrectForAWideRange) {
  exercise.call(
      "keep_top_k({{0, 1000, -1000, -20000, 5}, {-30000, -20000, -40000, -60000, -50000}}, 3)",
      [] {
        return std::tuple(tensor({{0, 1000, -1000, -20000, 5}, {-30000, -20000, -40000, -60000, -50000}}),
                          index_t{3});
      },
      no_gradients);
}
TEST(KeepTopK, PropagatesTheGradientToTheRemainingLogits) {
  exercise.compare(
      "the gradient of softmax(keep_top_k({{1, 3, -2, 2}, {-4, -1, -3, -2}}, 2)) · {1, -2, 3, 5}",
      [](auto f) {
        Tensor x = tensor({{1, 3, -2, 2}, {-4, -1, -3, -2}}).set_requires_grad();
        (softmax(f(x, 2), -1) * tensor({1, -2, 3, 5})).sum().backward();
        return x.grad();
      });
}
TEST(KeepTopK, KeepsExactlyKLogits) {
  exercise.invariant("", "exactly k logits of each row are finite, and they are unchanged", [](auto f) {
    Generator gen(3);
    const Tensor x = randn({3, 9}, gen), y = f(x, 4);
    int finite = 0;
    for (index_t b = 0; b < 3; ++b)
      for (index_t i = 0; i < 9; ++i)
        if (std::isfinite(y.at({b, i}))) {
          ++finite;
          if (y.at({b, i}) != x.at({b, i})) return false;
        }
    return finite == 12;
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit GP-24: `k - 1, k` => `0, 1`
