// 02 · softmax_rows — turn each row of scores into shares of one whole.
//
//   scores (..., T, S) -> weights (..., T, S), of the same type (f32 or f64)
//   weights[t][s] = exp(scores[t][s]) / (exp(scores[t][0]) + … + exp(scores[t][S-1]))
//
// A score may be as large as 1000, and exp(1000) is more than a float can hold; but a softmax does not care by how
// much all scores of a row are moved together. Scores of one row may lie far apart: {0, 1000}. A score of −∞ (a
// masked key) gets a weight of 0; every row has at least one finite score.
//
// You may use:  exp(x), max(x, axis, keepdim).values, x.sum({axis}, keepdim), and + - * / (they broadcast).
#include "lessons/02_scaled_dot_product_attention/exercises.h"

namespace heed::exercise {

Tensor softmax_rows(const Tensor& scores) {
  // solution: turn each row of scores into shares of one whole
  const Tensor largest = max(scores, -1, true).values;  // (..., T, 1)
  const Tensor e = exp(scores - largest);               // in (0, 1]: the largest of each row is exp(0)
  return e / e.sum({-1}, true);
  // end
}

}  // namespace heed::exercise
