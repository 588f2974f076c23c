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
  // solution: divide the scores by the square root of the width
  const double d_k = static_cast<double>(q.size(-1));
  return matmul(q, k.transpose(-2, -1)) / std::sqrt(d_k);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. q · k is a sum of D products, each of variance 1. What is the variance of the sum? Which
//    divisor makes it 1 again?
// 2. The scores are (..., T, S), and one number divides them all. It depends on the width of a
//    vector, the size of the last axis of q.
// 3. `const double d_k = static_cast<double>(q.size(-1));`, then divide the scores of the previous
//    exercise by `std::sqrt(d_k)`.
