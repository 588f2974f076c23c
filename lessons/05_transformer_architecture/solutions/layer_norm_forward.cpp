// 05_layer_norm_forward — Normalise each word, then apply a learned scale and shift.
// Exercise 1 · 10 minutes · ●○○ · after 02_softmax_rows
//
//   x (..., C), gamma (C), beta (C) -> y (..., C)
//   n = (x - mean) / √(variance + eps);   y = n · gamma + beta
//
// Mean and variance are taken over the C channels of one word, separately for every word. By default
// `var` in PyTorch and in heed divides by n - 1 (correction = 1). Does LayerNorm use this divisor?
// There may be any number of leading axes, of any size (including 0).
//
// You may use:  mean(x, {axis}, keepdim), var(x, {axis}, correction, keepdim), sqrt(x), and + - * /
//               (with broadcasting).
#include "lessons/05_transformer_architecture/exercises.h"

namespace heed::exercise {

Tensor layer_norm_forward(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
  // solution: normalise each word, then scale and shift it
  const Tensor n = (x - mean(x, {-1}, true)) / sqrt(var(x, {-1}, 0, true) + eps);
  return n * gamma + beta;
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Is the mean taken over a word, over a channel, or over all elements? And over how many
//    elements is the variance averaged?
// 2. mean and variance are (..., 1), one number per word, so they broadcast over its C channels;
//    gamma and beta are (C) and broadcast over all words. eps is added to the variance, before the
//    root.
// 3. `const Tensor n = (x - mean(x, {-1}, true)) / sqrt(var(x, {-1}, 0, true) + eps);` and then
//    gamma and beta.
