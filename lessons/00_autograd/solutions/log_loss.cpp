// 00 · log_loss — how surprised a net is by the right answers, in nats.
//
//   logits (N, V), targets (N) with values in [0, V) -> a single number, shape ()
//   loss = mean over n of  -ln softmax(logits[n])[targets[n]]
//
// A net that is very sure and wrong is what a loss is for: logits {1000, 0} and target 1 cost 1000
// nats. But exp(1000) is more than a float can hold, and a softmax there is exactly 0, whose
// logarithm is -∞. What is ln(exp(x) / sum)? A logit may be -∞ if a class is impossible; a target
// never is such a class. N is at least 1.
//
// You may use:  exp(x), log(x), max(x, axis, keepdim).values, x.sum({axis}, keepdim), x.mean(), and + - * / (they
//               broadcast); gather(x, axis, indices): of x (N, V) and indices (N, 1) the picked ones, (N, 1);
//               targets.reshape({n, 1}), targets.numel(). Gradients come by themselves: these are recorded.
#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

Tensor log_loss(const Tensor& logits, const IntTensor& targets) {
  // solution: take the mean surprise at the targets
  const Tensor below = logits - max(logits, -1, true).values;         // (N, V), the largest of a row is 0
  const Tensor log_shares = below - log(exp(below).sum({-1}, true));  // (N, V)
  return -gather(log_shares, -1, targets.reshape({targets.numel(), 1})).mean();
  // end
}

}  // namespace heed::exercise
