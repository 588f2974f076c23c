// 03_project — Compute the queries, keys and values of a sequence.
// Exercise 1 · 5 minutes · ●○○ · after 02_dot_scores
//
//   x (..., T, C), w: w_q (C, D), w_k (C, D), w_v (C, Dv) -> q (..., T, D), k (..., T, D), v (..., T, Dv)
//   Q = X · W_q,  K = X · W_k,  V = X · W_v
//
// A query describes the property that a word is looking for, a key how the word can be found, and a
// value the content that it passes on. All three are computed from the same x.
//
// You may use:  matmul(a, b), and {q, k, v} to make the Views of exercises.h.
#include "lessons/03_self_attention/exercises.h"

namespace heed::exercise {

Views project(const Tensor& x, const Projections& w) {
  // solution: compute the queries, keys and values of x
  return {matmul(x, w.w_q), matmul(x, w.w_k), matmul(x, w.w_v)};
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. There are three matrices and three results. Which input does each of the three products use?
// 2. x (..., T, C) times w_q (C, D) is q (..., T, D). The same x times w_k is k, and times w_v (C,
//    Dv) is v (..., T, Dv).
// 3. `return {matmul(x, w.w_q), …, …};` in the order of `Views`.
