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
  todo("apply the layer and tanh to the first token of each sequence");
}

}  // namespace heed::exercise
