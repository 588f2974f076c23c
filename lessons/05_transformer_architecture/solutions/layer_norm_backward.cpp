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
  // solution: compute the gradients of x, gamma and beta
  const Tensor rstd = rsqrt(var(x, {-1}, 0, true) + eps);  // (..., 1)
  const Tensor n = (x - mean(x, {-1}, true)) * rstd, dn = dy * gamma;
  const Tensor through_mean = mean(dn, {-1}, true), through_variance = n * mean(dn * n, {-1}, true);
  return {.x = rstd * (dn - through_mean - through_variance),
          .gamma = sum_to(dy * n, gamma.shape()),
          .beta = sum_to(dy, gamma.shape())};
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. There are three paths from an element of x to the y of its word: the direct one, one through
//    the mean, and one through the variance. Which gradient does each contribute?
// 2. dn = dy · gamma is (..., C), and n is recomputed. Direct: dn. Through the mean: minus the mean
//    of dn, (..., 1). Through the variance: minus n times the mean of dn · n, (..., 1). All three
//    are divided by √(variance + eps). The derivative of y is n for gamma and 1 for beta; sum over
//    all words, down to (C).
// 3. `.x = rstd * (dn - mean(dn, {-1}, true) - n * mean(dn * n, {-1}, true))`,
//    `.gamma = sum_to(dy * n, gamma.shape())`, and beta is simpler.
