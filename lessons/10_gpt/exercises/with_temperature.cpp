// 10 · with_temperature — how sure the next token is.
//
//   logits (..., V) -> probabilities (..., V);  softmax(logits / temperature)
//
// A logit may be -infinity: its probability is 0. Below 1 the best token gets more than it has, above 1 less. What
// is it that is divided, logits or probabilities?
//
// You may use:  softmax(x, axis), and + - * / (they broadcast).
#include "lessons/10_gpt/exercises.h"

namespace heed::exercise {

Tensor with_temperature(const Tensor& logits, double temperature) {
  todo("divide, then turn each row into probabilities");
}

}  // namespace heed::exercise
