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
  todo("normalise each word, then scale and shift it");
}

}  // namespace heed::exercise
