// 10_with_temperature — Make the distribution of the next token more or less confident.
// Exercise 2 · 5 minutes · ●○○ · after 02_softmax_rows
//
//   logits (..., V) -> probabilities (..., V);  softmax(logits / temperature)
//
// A logit may be -infinity: its probability is 0. A temperature below 1 raises the probability of
// the best token, one above 1 lowers it. Are the logits or the probabilities divided by the
// temperature?
//
// You may use:  softmax(x, axis), and + - * / (they broadcast).
#include "lessons/10_gpt/exercises.h"

namespace heed::exercise {

Tensor with_temperature(const Tensor& logits, double temperature) {
  // solution: divide by the temperature, then apply softmax to each row
  return softmax(logits / temperature, -1);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. exp(2x) is the square of exp(x). How does doubling all logits change the probabilities of
//    a row?
// 2. Divide all logits (..., V) by the temperature. Then apply softmax over the last axis.
// 3. `softmax(… / temperature, -1)`.
