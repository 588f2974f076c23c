#include <cmath>

#include "lessons/00_autograd/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Returns the target's element of each row, (N, 1).
Tensor selected(const Tensor& x, const IntTensor& targets) {
  return gather(x, -1, targets.reshape({targets.numel(), 1}));
}

const checks::Exercise<decltype(log_loss)> exercise{
    "00_log_loss",
    log_loss,
    [](auto& logits, auto& targets) { return cross_entropy(logits, targets); },
    {{"AG-19", "exp overflowed: subtract the maximum of the row first",
      [](auto& logits, auto& targets) {
        return (log(exp(logits).sum({-1}, true)) - selected(logits, targets)).mean();
      }},
     {"AG-51", "a softmax can be exactly 0, and ln 0 is -∞: ln(exp(x) / sum) is x - ln(sum)",
      [](auto& logits, auto& targets) { return -log(selected(softmax(logits, -1), targets)).mean(); }},
     {"AG-75", "0 · ∞ is NaN: a one-hot product adds 0 · -∞. Select the target's logarithm with gather",
      [](auto& logits, auto& targets) {
        std::vector<double> one_hot(static_cast<std::size_t>(logits.numel()));
        for (index_t n = 0; n < targets.numel(); ++n)
          one_hot[static_cast<std::size_t>(n * logits.size(1) + targets[n])] = 1;
        const Tensor chosen = from_vector(one_hot, logits.shape(), logits.dtype());
        return -(log_softmax(logits, -1) * chosen).sum() / static_cast<double>(targets.numel());
      }},
     {"AG-52", "the sum over the rows was computed, not the mean",
      [](auto& logits, auto& targets) { return -selected(log_softmax(logits, -1), targets).sum(); }},
     {"AG-53", "the minus is missing: the logarithm of a probability is negative, the loss is positive",
      [](auto& logits, auto& targets) { return selected(log_softmax(logits, -1), targets).mean(); }},
     {"AG-54", "the softmax is over the rows: it must be over the classes, the last axis",
      [](auto& logits, auto& targets) { return -selected(log_softmax(logits, 0), targets).mean(); }},
     {"AG-55", "the mean is over all classes: use only the probability of the target",
      [](auto& logits, auto&) { return -log_softmax(logits, -1).mean(); }},
     {"AG-56", "the maximum was subtracted on one side only: shifted - ln(sum of exp(shifted))",
      [](auto& logits, auto& targets) {
        const Tensor shifted = logits - max(logits, -1, true).values;
        return (log(exp(shifted).sum({-1}, true)) - selected(logits, targets)).mean();
      }}}};

void compare(const std::string& text, const Tensor& logits, const IntTensor& targets,
             const checks::Forms& forms = {}) {
  exercise.call(
      text, [=] { return std::tuple(logits.clone(), targets); }, forms);
}
Tensor three_rows() { return tensor({{2, -1, 0.5, 1}, {0, 3, -2, 1}, {1, 1.5, -1, 0}}); }  // (3, 4)

TEST(LogLoss, IsTheMeanNegativeLogProbability) {
  compare("log_loss({{2, -1, 0.5, 1}, {0, 3, -2, 1}, {1, 1.5, -1, 0}}, {0, 2, 3})", three_rows(),
          IntTensor({0, 2, 3}));
  compare("log_loss({{0, 0}}, {1}), which is ln 2", tensor({{0, 0}}), IntTensor({1}));
}

TEST(LogLoss, OfOneRow) {
  compare("log_loss({{0, 3, -2, 1}}, {2})", tensor({{0, 3, -2, 1}}), IntTensor({2}));
}

TEST(LogLoss, OfAsManyRowsAsClasses) {
  compare("log_loss({{2, -1, 0.5}, {0, 3, -2}, {1, 1.5, -1}}, {0, 2, 2})",
          tensor({{2, -1, 0.5}, {0, 3, -2}, {1, 1.5, -1}}), IntTensor({0, 2, 2}));
}

TEST(LogLoss, OfASingleClassIsZero) {
  compare("log_loss({{3}, {-2}}, {0, 0})", tensor({{3}, {-2}}), IntTensor({0, 0}));
}

TEST(LogLoss, IsFiniteForConfidentPredictions) {
  compare("log_loss({{1000, 0}}, {1})", tensor({{1000, 0}}), IntTensor({1}));
  compare("log_loss({{-900, -1000, -1001}, {400, 500, 0}}, {1, 0})",
          tensor({{-900, -1000, -1001}, {400, 500, 0}}), IntTensor({1, 0}));
}

TEST(LogLoss, SupportsImpossibleClasses) {
  compare("log_loss({{-inf, 1, 2}, {3, 0.5, -inf}}, {2, 1})",
          tensor({{-INFINITY, 1, 2}, {3, 0.5, -INFINITY}}), IntTensor({2, 1}));
}

TEST(LogLoss, HasNoUpperBound) {
  exercise.invariant("AG-76", "the losses of logits {500, 0} and {1000, 0}, target 1, must differ by 500",
                     [](auto f) {
                       const double one = f(tensor({{500, 0}}), IntTensor({1})).item();
                       const double other = f(tensor({{1000, 0}}), IntTensor({1})).item();
                       return !std::isfinite(one) || !std::isfinite(other) || std::abs(other - one) > 1;
                     });
}

TEST(LogLoss, DoesNotChangeIfARowIsShifted) {
  exercise.compare("the losses of logits (3, 4) and of the same with 50 added to each row", [](auto f) {
    const IntTensor targets({0, 2, 3});
    return std::vector<Tensor>{f(three_rows(), targets), f(three_rows() + 50.0, targets)};
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit AG-19: `logits - max(logits, -1, true).values` => `logits + 0.0`
