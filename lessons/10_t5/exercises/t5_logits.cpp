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
  todo("apply the norm, the factor and the embedding");
}

}  // namespace heed::exercise
