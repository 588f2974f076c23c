#include <cmath>

#include "lessons/00_autograd/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor selected(const Tensor& x, const IntTensor& targets) {
  return gather(x, -1, targets.reshape({targets.numel(), 1}));
}
// The loss of logits minus `shift`, one number per row.
Tensor shifted(const Tensor& logits, const IntTensor& targets, const Tensor& shift) {
  const Tensor below = logits - shift;
  return (log(exp(below).sum({-1}, true)) - selected(below, targets)).mean();
}
Tensor one_hot(const Tensor& logits, const IntTensor& targets) {
  Tensor h = zeros(logits.shape(), logits.dtype());
  for (index_t n = 0; n < targets.numel(); ++n) h.set({n, targets[n]}, 1);
  return h;
}

const Answers<decltype(log_loss)> answers{
    {"log_softmax", "pass",
     [](const Tensor& logits, const IntTensor& targets) {
       return -selected(log_softmax(logits, -1), targets).sum() / static_cast<double>(targets.numel());
     }},
    {"the maximum added back on both sides", "pass",
     [](const Tensor& logits, const IntTensor& targets) {
       const Tensor top = max(logits, -1, true).values.detach();
       const Tensor log_sum = top + log(exp(logits - top).sum({-1}, true));
       return (log_sum - selected(logits, targets)).mean();
     }},
    {"row by row", "pass",
     [](const Tensor& logits, const IntTensor& targets) {
       Tensor sum = zeros({}, logits.dtype());
       for (index_t n = 0; n < logits.size(0); ++n) {
         const Tensor below = logits[n] - max(logits[n]);
         sum = sum + log(exp(below).sum()) - below[targets[n]];
       }
       return sum / static_cast<double>(logits.size(0));
     }},
    {"where() over the classes", "pass",
     [](const Tensor& logits, const IntTensor& targets) {
       const Tensor chosen = one_hot(logits, targets);
       return -masked_fill(log_softmax(logits, -1), equal(chosen, 0), 0).sum() /
              static_cast<double>(targets.numel());
     }},
    {"a one-hot product", "AG-75",
     [](const Tensor& logits, const IntTensor& targets) {
       return -(log_softmax(logits, -1) * one_hot(logits, targets)).sum({-1}).mean();
     }},
    {"the minimum is subtracted", "wrong",
     [](const Tensor& logits, const IntTensor& targets) {
       return shifted(logits, targets, -max(-logits, -1, true).values);
     }},
    {"the maximum of all rows is subtracted", "wrong",
     [](const Tensor& logits, const IntTensor& targets) { return shifted(logits, targets, max(logits)); }},
    {"the mean of the row is subtracted", "wrong",
     [](const Tensor& logits, const IntTensor& targets) {
       return shifted(logits, targets, logits.mean({-1}, true));
     }},
    {"no maximum", "AG-19",
     [](const Tensor& logits, const IntTensor& targets) {
       return shifted(logits, targets, zeros({}, logits.dtype()));
     }},
    {"a softmax, then log", "AG-51",
     [](const Tensor& logits, const IntTensor& targets) {
       return -log(selected(softmax(logits, -1), targets)).mean();
     }},
    {"log(p + 1e-9)", "wrong",
     [](const Tensor& logits, const IntTensor& targets) {
       return -log(selected(softmax(logits, -1), targets) + 1e-9).mean();
     }},
    {"p clamped from below", "wrong",
     [](const Tensor& logits, const IntTensor& targets) {
       return -log(clamp(selected(softmax(logits, -1), targets), 1e-12, 1)).mean();
     }},
    {"over axis 0 if square", "AG-54",
     [](const Tensor& logits, const IntTensor& targets) {
       return -selected(log_softmax(logits, logits.size(0) == logits.size(1) ? 0 : 1), targets).mean();
     }},
    {"the sum", "AG-52",
     [](const Tensor& logits, const IntTensor& targets) {
       return -selected(log_softmax(logits, -1), targets).sum();
     }},
    {"the sum, negative", "likely AG-53",
     [](const Tensor& logits, const IntTensor& targets) {
       return selected(log_softmax(logits, -1), targets).sum();
     }},
    {"divided by N · V", "wrong",
     [](const Tensor& logits, const IntTensor& targets) {
       return -selected(log_softmax(logits, -1), targets).sum() / static_cast<double>(logits.numel());
     }},
    {"only the first row", "wrong",
     [](const Tensor& logits, const IntTensor& targets) {
       return -selected(log_softmax(logits, -1), targets)[0][0];
     }},
    {"a detached loss", "wrong",
     [](const Tensor& logits, const IntTensor& targets) {
       return scalar(-selected(log_softmax(logits, -1), targets).mean().item(), logits.dtype());
     }},
    {"no gradient through the sum", "wrong",
     [](const Tensor& logits, const IntTensor& targets) {
       const Tensor below = logits - max(logits, -1, true).values;
       return (log(exp(below).sum({-1}, true)).detach() - selected(below, targets)).mean();
     }},
    {"an f32 number", "wrong",
     [](const Tensor& logits, const IntTensor& targets) {
       return -selected(log_softmax(logits, -1), targets).mean().to(f32);
     }},
    {"shape (1)", "wrong",
     [](const Tensor& logits, const IntTensor& targets) {
       return -selected(log_softmax(logits, -1), targets).mean({0});
     }},
    {"the maximum is subtracted in place", "likely SD-34",
     [](const Tensor& logits, const IntTensor& targets) {
       const Tensor loss = -selected(log_softmax(logits, -1), targets).mean();
       Tensor alias = logits.detach();
       const NoGrad no_grad;
       alias.copy_(logits - max(logits, -1, true).values);
       return loss;
     }},
    {"log base 2", "wrong", [](const Tensor& logits, const IntTensor& targets) {
       return -selected(log_softmax(logits, -1), targets).mean() / std::log(2.0);
     }}};

}  // namespace

Tensor log_loss(const Tensor& logits, const IntTensor& targets) { return answers.chosen(logits, targets); }

}  // namespace heed::exercise
