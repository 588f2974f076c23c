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
  // solution: divide the exponentials of each row by their sum
  const Tensor largest = max(scores, -1, true).values;  // (..., T, 1)
  // The largest exponential of each row is exp(0) = 1, so none overflows.
  const Tensor e = exp(scores - largest);
  return e / e.sum({-1}, true);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Which sum must the numbers of a row have, and along which axis does a row run: the queries or
//    the keys?
// 2. e = exp(scores) is (..., T, S); compute the sum of each row as (..., T, 1), so that the
//    division broadcasts. Before the exp: which number can you subtract from a row without changing
//    its softmax?
// 3. `const Tensor largest = max(scores, -1, true).values;`, then `e = exp(scores - largest)`, and
//    divide `e` by its sum over the last axis with `keepdim`.
