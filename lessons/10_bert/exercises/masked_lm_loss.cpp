// 10_masked_lm_loss — Compute the loss over the selected positions only.
// Exercise 4 · 10 minutes · ●●○ · after 02_softmax_rows
//
//   logits (B, T, V); tokens (B, T): the original tokens
//   positions: flat indices b · T + t of the selected tokens
//   -> the mean of -log p(token) over these positions
//
// There is at least one position. The logits at the other positions may have any value, NaN
// included. The model can read the tokens there in its input. Why must the loss not include them?
//
// You may use:  log_softmax(x, axis), logits.reshape({…}), logits.size(axis), x[i][j]
//               (a scalar tensor), tokens[i] (flat), scalar(0, dtype), x.dtype(), and + - * /.
#include "lessons/10_bert/exercises.h"

namespace heed::exercise {

Tensor masked_lm_loss(const Tensor& logits, const IntTensor& tokens, const std::vector<index_t>& positions) {
  todo("average over the selected positions");
}

}  // namespace heed::exercise
