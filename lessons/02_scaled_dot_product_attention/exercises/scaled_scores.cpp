// 02_scaled_scores — Scale the scores so that the softmax does not saturate.
// Exercise 2 · 5 minutes · ●○○ · after 02_dot_scores
//
//   q (..., T, D), k (..., S, D) -> scores (..., T, S)
//   scores = q · kᵀ / √D
//
// The standard deviation of a sum of D products grows with √D; T and S do not matter. Sizes are
// integers (index_t), and in C++ dividing an integer by an integer gives an integer.
//
// You may use:  matmul(a, b), x.transpose(axis, axis), x.size(axis), std::sqrt, and * / of a tensor
//               and a number.
#include <cmath>

#include "lessons/02_scaled_dot_product_attention/exercises.h"

namespace heed::exercise {

Tensor scaled_scores(const Tensor& q, const Tensor& k) {
  todo("divide the scores by the square root of the width");
}

}  // namespace heed::exercise
