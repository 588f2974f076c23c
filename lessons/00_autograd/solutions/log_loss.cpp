// 00_log_loss — The cross-entropy of predictions and targets, finite for any logits.
// Exercise 10 · 15 minutes · ●●○ · after 00_softmax_backward
//
//   logits (N, V), targets (N) with values in [0, V) -> a single number, shape ()
//   loss = mean over n of  -ln softmax(logits[n])[targets[n]]
//
// The loss must be finite for a confident wrong prediction: logits {1000, 0} with target 1 have a
// loss of 1000 nats. But exp(1000) overflows a float, and the softmax is exactly 0 there, with the
// logarithm -∞. How can ln(exp(x) / sum) be written differently? A logit may be -∞ if a class is
// impossible; the target is never such a class. N is at least 1.
//
// You may use:  exp(x), log(x), max(x, axis, keepdim).values, x.sum({axis}, keepdim), x.mean(), and
//               + - * /, which broadcast; gather(x, axis, indices) (selects elements: for x (N, V)
//               and indices (N, 1) the result is (N, 1)); targets.reshape({n, 1}), targets.numel().
//               These ops are recorded, so you need not compute gradients.
#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

Tensor log_loss(const Tensor& logits, const IntTensor& targets) {
  // solution: average the negative log-probabilities of the targets
  const Tensor shifted = logits - max(logits, -1, true).values;                  // (N, V), at most 0
  const Tensor log_probabilities = shifted - log(exp(shifted).sum({-1}, true));  // (N, V)
  return -gather(log_probabilities, -1, targets.reshape({targets.numel(), 1})).mean();
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. A softmax does not change when the same number is subtracted from a whole row. Which number
//    keeps exp from overflowing?
// 2. shifted = logits - the maximum of each row, (N, V); log-probabilities = shifted - ln(sum of
//    exp(shifted)), (N, V), with the sum (N, 1); select the target's value of each row, (N, 1);
//    negate, and take the mean.
// 3. `const Tensor shifted = logits - max(logits, -1, true).values;` then
//    `shifted - log(exp(shifted).sum({-1}, true))`, then
//    `gather(…, -1, targets.reshape({targets.numel(), 1}))`.
