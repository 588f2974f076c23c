// 10_pool — Compute one vector per sentence.
// Exercise 5 · 5 minutes · ●○○ · after 00_hello
//
//   hidden (B, T, C), weight (C, C), bias (C) -> (B, C): tanh(weight · h + bias), where h is the
//   row of the first token, [CLS]
//
// The other rows may have any value, NaN included. [CLS] is not a word, but it attends to all
// words: its final hidden state summarises the sentence.
//
// You may use:  x.select(axis, i), linear(x, weight, bias), tanh(x).
#include "lessons/10_bert/exercises.h"

namespace heed::exercise {

Tensor pool(const Tensor& hidden, const Tensor& weight, const Tensor& bias) {
  // solution: apply the layer and tanh to the first token of each sequence
  return tanh(linear(hidden.select(1, 0), weight, bias));
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Which token is not a word, so that its hidden state can represent the whole sentence?
// 2. Select the first token of (B, T, C), which gives (B, C). Apply the layer (C, C), then tanh.
// 3. `hidden.select(1, 0)`, `linear(…, weight, bias)`, `tanh(…)`.
