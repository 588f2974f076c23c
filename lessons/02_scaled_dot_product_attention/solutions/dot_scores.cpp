// 02_dot_scores — Compute the dot product of every query with every key.
// Exercise 1 · 5 minutes · ●○○ · after 00_hello
//
//   q (..., T, D), k (..., S, D) -> scores (..., T, S)
//   scores[t][s] = q[t][0] · k[s][0] + … + q[t][D-1] · k[s][D-1]
//
// A row of q is one query, a row of k is one key. matmul multiplies rows by columns, so one of the
// two must be transposed first. In a batch, q is (B, T, D) and k is (B, S, D): which two axes of k
// must be exchanged?
//
// You may use:  matmul(a, b), x.transpose(axis, axis) (negative axes count from the end).
#include "lessons/02_scaled_dot_product_attention/exercises.h"

namespace heed::exercise {

Tensor dot_scores(const Tensor& q, const Tensor& k) {
  // solution: multiply each query by each key
  return matmul(q, k.transpose(-2, -1));
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. For T queries and S keys, how many scores are there, and which of them belong to the same row?
// 2. The product of (..., T, D) and (..., D, S) is (..., T, S), but k is (..., S, D). Exchange the
//    last two axes of k and leave any leading axes unchanged.
// 3. `matmul(q, …)`, with `k.transpose(-2, -1)` in place of the dots.
