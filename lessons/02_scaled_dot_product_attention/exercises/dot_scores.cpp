// 02 · dot_scores — how well each query matches each key.
//
//   q (..., T, D), k (..., S, D) -> scores (..., T, S)
//   scores[t][s] = q[t][0] · k[s][0] + … + q[t][D-1] · k[s][D-1]
//
// A row of q is one query, a row of k is one key. matmul multiplies rows with columns, so one of the two must be
// turned round first. In a batch, q (B, T, D) and k (B, S, D): which axes are to change places?
//
// You may use:  matmul(a, b), x.transpose(axis, axis) (axes count from the end when negative).
#include "lessons/02_scaled_dot_product_attention/exercises.h"

namespace heed::exercise {

Tensor dot_scores(const Tensor& q, const Tensor& k) {
  todo("multiply each query with each key");
}

}  // namespace heed::exercise
