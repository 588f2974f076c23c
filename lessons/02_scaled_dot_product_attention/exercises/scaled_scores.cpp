// 02 · scaled_scores — the same scores, in a range where a softmax can still change its mind.
//
//   q (..., T, D), k (..., S, D) -> scores (..., T, S)
//   scores = q · kᵀ / √D
//
// A sum of D products spreads with √D, whatever T and S are. Sizes are whole numbers (index_t), and in C++ a whole
// number divided by a whole number is a whole number.
//
// You may use:  matmul(a, b), x.transpose(axis, axis), x.size(axis), std::sqrt, and * / of a tensor and a number.
#include <cmath>

#include "lessons/02_scaled_dot_product_attention/exercises.h"

namespace heed::exercise {

Tensor scaled_scores(const Tensor& q, const Tensor& k) {
  todo("divide the scores by what makes them spread");
}

}  // namespace heed::exercise
