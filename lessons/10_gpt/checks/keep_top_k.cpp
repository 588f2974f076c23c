#include <cmath>

#include "lessons/10_gpt/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

Tensor kth(const Tensor& x, index_t k) { return topk(x, k).values.slice(1, k - 1, k); }
Tensor cut(const Tensor& x, const Tensor& least, double to = -INFINITY) {
  return where(x < least, full(x.shape(), to, x.dtype()), x);
}
Tensor right(const Tensor& x, index_t k) { return cut(x, kth(x, k)); }
Tensor zeros_instead(const Tensor& x, index_t k) { return cut(x, kth(x, k), 0); }
Tensor smallest(const Tensor& x, index_t k) { return -right(-x, k) + 0.0; }
Tensor first_rows_threshold(const Tensor& x, index_t k) { return cut(x, kth(x, k).slice(0, 0, 1)); }
Tensor one_too_many(const Tensor& x, index_t k) { return right(x, std::min<index_t>(k + 1, x.size(1))); }
Tensor only_the_best(const Tensor& x, index_t) { return right(x, 1); }
Tensor nothing_cut(const Tensor& x, index_t) { return x + 0.0; }

// As probabilities: infinities do not compare.
Tensor asked(Tensor (*f)(const Tensor&, index_t), const Tensor& x, index_t k) { return softmax(f(x, k), -1); }

const tutor::Exercise<decltype(keep_top_k)> exercise{
    "10_keep_top_k",
    keep_top_k,
    right,
    {{"GP-20", "cut to 0, which is a good logit where others are negative: cut to -infinity", zeros_instead},
     {"GP-21", "the k smallest were kept", smallest},
     {"GP-22", "one threshold for the whole batch: each row has its own", first_rows_threshold},
     {"GP-23", "one token too many stays: the k-th largest is number k - 1 from 0", one_too_many},
     {"GP-24", "only the best token is left, whatever k", only_the_best},
     {"GP-25", "nothing was cut off", nothing_cut}}};

TEST(KeepTopK, KeepsTheLargestOfEachRow) {
  exercise.compare("softmax of keep_top_k({{1, 3, -2, 2}, {-4, -1, -3, -2}}, 2)", [](auto f) {
    return asked(f, tensor({{1, 3, -2, 2}, {-4, -1, -3, -2}}), 2);
  });
}
TEST(KeepTopK, KeepsAllWhereKIsTheVocabulary) {
  exercise.compare("softmax of keep_top_k({{0.5, -1, 2}, {1, 0, -3}}, 3)", [](auto f) {
    return asked(f, tensor({{0.5, -1, 2}, {1, 0, -3}}), 3);
  });
}
TEST(KeepTopK, CutsOffExactlyAsManyAsItSays) {
  exercise.invariant("", "of each row exactly k logits are finite, and they are as they were", [](auto f) {
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
