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
  todo("average the negative log-probabilities of the targets");
}

}  // namespace heed::exercise
