// 10_t5_logits — Compute the logits from the decoder's last hidden state.
// Exercise 5 · 10 minutes · ●○○ · after 05_layer_norm_forward
//
//   hidden (B, T, C), weight (C), embedding (V, C) -> logits (B, T, V)
//   n = hidden / √(mean of hidden² over C + eps) · weight     RMSNorm: no mean, no bias
//   logits = n · embeddingᵀ / √C                              the output layer is the embedding
//
// The elements of T5's embedding are about 1 in size, and so are those of n. How large is the dot
// product of two such rows of C elements?
//
// You may use:  x.mean({axis}, keepdim), sqrt(x), std::sqrt, + - * / (they broadcast), matmul,
//               x.transpose(axis, axis), x.size(axis).
#include <cmath>

#include "lessons/10_t5/exercises.h"

namespace heed::exercise {

Tensor t5_logits(const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
  // solution: apply the norm, the factor and the embedding
  const Tensor size = sqrt((hidden * hidden).mean({-1}, true) + eps);  // (B, T, 1)
  const Tensor n = hidden / size * weight;
  const double root = std::sqrt(static_cast<double>(hidden.size(-1)));
  return matmul(n / root, embedding.transpose(0, 1));
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. RMSNorm is a LayerNorm without the mean: by which number is each row divided? Over which axis
//    is the mean?
// 2. The size of each row is (B, T, 1); hidden / size · weight is (B, T, C). The embedding is (V,
//    C), so it must be transposed.
// 3. `sqrt((hidden * hidden).mean({-1}, true) + eps)`, and at the end
//    `matmul(n / root, embedding.transpose(0, 1))`.
