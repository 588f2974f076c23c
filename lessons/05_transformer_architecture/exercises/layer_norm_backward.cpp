// 05_layer_norm_backward — Compute the gradients with respect to x, gamma and beta.
// Exercise 2 · 30 minutes · ●●● · after 05_layer_norm_forward
//
//   dy (..., C), x (..., C), gamma (C) -> gradients of x (..., C), of gamma (C), of beta (C)
//   the forward pass was   n = (x - mean) / √(variance + eps);   y = n · gamma + beta
//
// The mean and the variance depend on x, too. Adding a constant to all channels of a word does not
// change n. Which sum must the gradient of x therefore have, for every word? gamma and beta are
// shared by all words, and each word contributes to their gradients. There may be any number of
// leading axes, of any size (including 0).
//
// You may use:  mean(x, {axis}, keepdim), var(x, {axis}, correction, keepdim), sqrt(x),
//               rsqrt(x) = 1 / √x, sum_to(x, shape) (sums over the axes that broadcasting a tensor
//               of this shape to x would expand), and + - * /.
#include "lessons/05_transformer_architecture/exercises.h"

namespace heed::exercise {

LayerNormGradients layer_norm_backward(const Tensor& dy, const Tensor& x, const Tensor& gamma, double eps) {
  todo("compute the gradients of x, gamma and beta");
}

}  // namespace heed::exercise
