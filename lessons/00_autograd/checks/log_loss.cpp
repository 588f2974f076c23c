#include "lessons/00_autograd/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

// Of each row the number that its target picks, (N, 1).
Tensor picked(const Tensor& x, const IntTensor& targets) {
  return gather(x, -1, targets.reshape({targets.numel(), 1}));
}

const tutor::Exercise<decltype(log_loss)> exercise{
    "00_log_loss",
    log_loss,
    [](auto& logits, auto& targets) { return cross_entropy(logits, targets); },
    {{"AG-19", "exp overflowed: take the largest logit of the row away first",
      [](auto& logits, auto& targets) {
        return (log(exp(logits).sum({-1}, true)) - picked(logits, targets)).mean();
      }},
     {"AG-51", "a softmax can be exactly 0, and ln 0 is -∞: ln(exp(x) / sum) is x - ln(sum)",
      [](auto& logits, auto& targets) { return -log(picked(softmax(logits, -1), targets)).mean(); }},
     {"AG-52", "the sum over the rows, not their mean",
      [](auto& logits, auto& targets) { return -picked(log_softmax(logits, -1), targets).sum(); }},
     {"AG-53", "the logarithm of a share is below 0, and a loss above: the minus is missing",
      [](auto& logits, auto& targets) { return picked(log_softmax(logits, -1), targets).mean(); }},
     {"AG-54", "the shares are of one row, over its classes (the last axis); yours are over the rows",
      [](auto& logits, auto& targets) { return -picked(log_softmax(logits, 0), targets).mean(); }},
     {"AG-55", "the mean is over all classes; only the share of the target counts",
      [](auto& logits, auto&) { return -log_softmax(logits, -1).mean(); }},
     {"AG-56", "the maximum that was taken away came back only on one side: below - ln(sum of exp(below))",
      [](auto& logits, auto& targets) {
        const Tensor below = logits - max(logits, -1, true).values;
        return (log(exp(below).sum({-1}, true)) - picked(logits, targets)).mean();
      }}}};

const char* const three_rows = "log_loss({{2, -1, 0.5, 1}, {0, 3, -2, 1}, {1, 1.5, -1, 0}}, {0, 2, 3})";
Tensor logits() { return tensor({{2, -1, 0.5, 1}, {0, 3, -2, 1}, {1, 1.5, -1, 0}}); }  // (3, 4)

TEST(LogLoss, IsTheMeanSurprise) {
  exercise.compare(three_rows, [](auto f) { return f(logits(), IntTensor({0, 2, 3})); });
  exercise.compare("log_loss({{0, 0}}, {1}), which is ln 2", [](auto f) {
    return f(tensor({{0, 0}}), IntTensor({1}));
  });
}

TEST(LogLoss, IsFiniteWhereTheNetIsVerySure) {
  exercise.compare("log_loss({{1000, 0}}, {1})", [](auto f) {
    return f(tensor({{1000, 0}}), IntTensor({1}));
  });
  exercise.compare("log_loss({{-900, -1000, -1001}, {400, 500, 0}}, {1, 0}), in f64", [](auto f) {
    return f(tensor({{-900, -1000, -1001}, {400, 500, 0}}, f64), IntTensor({1, 0}));
  });
}

TEST(LogLoss, DoesNotChangeWhenARowIsMoved) {
  exercise.invariant("", "adding 50 to every logit of a row must not change the loss", [](auto f) {
    const IntTensor targets({0, 2, 3});
    return std::abs(f(logits(), targets).item() - f(logits() + 50.0, targets).item()) < 1e-4;
  });
}

TEST(LogLoss, PassesGradientsOn) {
  exercise.compare(concat("the gradient of the logits of ", three_rows), [](auto f) {
    Tensor x = logits().set_requires_grad();
    f(x, IntTensor({0, 2, 3})).backward();
    return x.grad();
  });
  exercise.compare("the gradient of the logits of log_loss({{1000, 0}}, {1})", [](auto f) {
    Tensor x = tensor({{1000, 0}}).set_requires_grad();
    f(x, IntTensor({1})).backward();
    return x.grad();
  });
}

TEST(LogLoss, ChangesNoInput) {
  exercise.invariant("", "the logits must be as they were", [](auto f) {
    const Tensor x = logits();
    f(x, IntTensor({0, 2, 3}));
    return allclose(x, logits());
  });
}

}  // namespace
}  // namespace heed::exercise
