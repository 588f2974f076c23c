// 07_masked_mean — Mean pooling: the mean over the real tokens of each sequence.
// Exercise 1 · 10 minutes · ●○○ · after 02_softmax_rows
//
//   x (B, T, C), real (B, T) -> (B, C)
//   y[b] = (sum of x[b][t] over all t with real[b][t]) / (number of such t)
//
// Padding may contain any value, even NaN or infinity, and must not influence the result. If a
// sequence has no real token, or T is 0, its mean is zeros rather than 0 / 0.
//
// You may use:  where(mask, a, b) and masked_fill(x, !mask, value), mask.unsqueeze(axis),
//               sum(x, {axis}), ones(shape, dtype), zeros(shape, dtype), x.shape(), x.dtype(),
//               clamp(x, low, high), and + - * /.
#include <cmath>

#include "lessons/07_transformer_encoder_and_classifier/exercises.h"

namespace heed::exercise {

Tensor masked_mean(const Tensor& x, const Mask& real) {
  todo("sum the real tokens, count them, divide");
}

}  // namespace heed::exercise
