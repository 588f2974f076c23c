// 05 · layer_norm_forward — bring every word to a common scale, then to a learned one.
//
//   x (..., C), gamma (C), beta (C) -> y (..., C)
//   n = (x - mean) / √(variance + eps);   y = n · gamma + beta
//
// Mean and variance are those of the C numbers of one word; no word knows of another. PyTorch's and heed's `var`
// divide by n - 1 unless they are told otherwise (correction = 1). What does LayerNorm divide by? There may be any
// number of leading axes, of any size (0 as well).
//
// You may use:  mean(x, {axis}, keepdim), var(x, {axis}, correction, keepdim), sqrt(x), and + - * / (they broadcast).
#include "lessons/05_transformer_architecture/exercises.h"

namespace heed::exercise {

Tensor layer_norm_forward(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
  // solution: take the mean of each word away, divide by the root of its variance, scale, shift
  const Tensor n = (x - mean(x, {-1}, true)) / sqrt(var(x, {-1}, 0, true) + eps);
  return n * gamma + beta;
  // end
}

}  // namespace heed::exercise
