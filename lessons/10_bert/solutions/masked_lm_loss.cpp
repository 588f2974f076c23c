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
  // solution: average over the selected positions
  const Tensor log_p = log_softmax(logits.reshape({tokens.numel(), logits.size(2)}), -1);
  Tensor sum = scalar(0, logits.dtype());
  for (const index_t position : positions) sum = sum - log_p[position][tokens[position]];
  return sum / static_cast<double>(positions.size());
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. How many of the B · T positions are selected? By which number is the sum divided?
// 2. Reshape the logits to (B · T, V) and apply log_softmax over the last axis. At each selected
//    position, use the column of the original token.
// 3. `sum = sum - log_p[position][tokens[position]];` in a loop over the positions; at the end,
//    divide by `positions.size()`.
