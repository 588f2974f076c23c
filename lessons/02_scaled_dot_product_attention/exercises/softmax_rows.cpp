// 02_softmax_rows — Turn each row of scores into a probability distribution.
// Exercise 3 · 10 minutes · ●○○ · after 02_dot_scores
//
//   scores (..., T, S) -> weights (..., T, S), of the same type (f32 or f64)
//   weights[t][s] = exp(scores[t][s]) / (exp(scores[t][0]) + … + exp(scores[t][S-1]))
//
// A score may be as large as 1000, and exp(1000) overflows a float. The softmax does not change,
// however, if the same number is added to all scores of a row. The scores of one row may lie far
// apart: {0, 1000}. A score of −∞ (a masked key) gets a weight of 0; every row has at least one
// finite score.
//
// You may use:  exp(x), max(x, axis, keepdim).values, x.sum({axis}, keepdim), and + - * /, which
//               broadcast.
#include "lessons/02_scaled_dot_product_attention/exercises.h"

namespace heed::exercise {

Tensor softmax_rows(const Tensor& scores) {
  todo("divide the exponentials of each row by their sum");
}

}  // namespace heed::exercise
