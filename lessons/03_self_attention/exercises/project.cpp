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
  todo("compute the queries, keys and values of x");
}

}  // namespace heed::exercise
