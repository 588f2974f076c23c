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
  // solution: sum the real tokens, count them, divide
  const Mask tokens = real.unsqueeze(2);  // (B, T, 1), broadcasts over the channels
  const Tensor one = where(tokens, ones(x.shape(), x.dtype()), zeros(x.shape(), x.dtype()));
  const Tensor count = sum(one, {1});  // (B, C), the same value in every channel
  return sum(masked_fill(x, !tokens, 0), {1}) / clamp(count, 1, INFINITY);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. A mean is a sum divided by a count. Which of the two must exclude padding?
// 2. real.unsqueeze(2) is (B, T, 1) and broadcasts over the channels. The sum of the real values
//    over T is (B, C), and so is the sum of ones at the real positions. If a sequence has no real
//    token, the sum is already 0, so any count of at least 1 gives the correct result.
// 3. `sum(masked_fill(x, !real.unsqueeze(2), 0), {1})` is the sum. The count is the same sum with
//    ones in place of x, and `clamp(count, 1, INFINITY)` prevents a division by 0.
