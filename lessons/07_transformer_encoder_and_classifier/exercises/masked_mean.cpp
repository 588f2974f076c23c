// 07 · masked_mean — many words, one vector: the mean over the words that are there.
//
//   x (B, T, C), real (B, T) -> (B, C)
//   y[b] = (sum of x[b][t] over the t where real[b][t]) / (how many of them there are)
//
// Padding may hold anything, even NaN or infinity, and must not matter. A text may have no word at all, and T may be
// 0: its mean is zeros, not 0 / 0.
//
// You may use:  where(mask, a, b) and masked_fill(x, !mask, value), mask.unsqueeze(axis), sum(x, {axis}),
//               ones(shape, dtype), zeros(shape, dtype), x.shape(), x.dtype(), clamp(x, low, high), and + - * /.
#include <cmath>

#include "lessons/07_transformer_encoder_and_classifier/exercises.h"

namespace heed::exercise {

Tensor masked_mean(const Tensor& x, const Mask& real) {
  todo("add up the words that are there, count them, divide");
}

}  // namespace heed::exercise
