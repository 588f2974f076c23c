// loss.cpp — losses: cross-entropy, mean squared error, binary cross-entropy.
#include <algorithm>
#include <cmath>

#include "autograd/ops/common.h"

namespace heed {

namespace {

Tensor reduce(const Tensor& losses, Reduction reduction) {
  if (reduction == Reduction::none) return losses;
  return reduction == Reduction::sum ? sum(losses) : mean(losses);
}

void check_targets(const char* op, const Tensor& x, const IntTensor& targets,
                   const CrossEntropyOptions& options) {
  ops::check_tensors(op, {&x});
  check(x.rank() >= 1 && x.shape().back(1) > 0, op, "expected at least one class in the last axis, got ", x);
  Shape expected = x.shape();
  expected.erase(x.rank() - 1);
  check(targets.shape() == expected, op, "expected targets ", expected, ", one class per row of ", x,
        ", got ", targets.shape(), ". Hint: the classes are the last axis");
  const index_t classes = x.shape().back(1);
  for (index_t i = 0; i < targets.numel(); ++i)
    check(targets[i] == options.ignore_index || (targets[i] >= 0 && targets[i] < classes), op,
          "expected targets in [0, ", classes, ") or ignore_index (", options.ignore_index, "), got ",
          targets[i], " at position ", i);
  check(options.label_smoothing >= 0 && options.label_smoothing < 1, op,
        "expected label_smoothing in [0, 1), got ", options.label_smoothing);
}

// The loss of each row from log-probabilities, for cross_entropy and nll_loss. With label smoothing
// ε the target distribution is q = (1 - ε) * one-hot + ε / V, and the loss of a row is -Σ q * log p.
struct RowLosses {
  IntTensor targets;
  CrossEntropyOptions options;
  index_t classes;
  index_t counted;    // rows that are not ignored
  double on, spread;  // 1 - ε and ε / V

  RowLosses(const Tensor& x, IntTensor t, const CrossEntropyOptions& o)
      : targets(std::move(t)),
        options(o),
        classes(x.shape().back(1)),
        counted(targets.numel() -
                std::count(targets.values().begin(), targets.values().end(), o.ignore_index)),
        on(1 - o.label_smoothing),
        spread(o.label_smoothing / static_cast<double>(classes)) {}

  bool ignored(index_t row) const { return targets[row] == options.ignore_index; }

  Tensor losses(const Tensor& log_p) const {
    Tensor y = ops::allocate("cross_entropy", targets.shape(), log_p.dtype());
    ops::dispatch(log_p.dtype(), [&]<class T>() {
      T* py = ops::output<T>(y);
      for (index_t i = 0; i < targets.numel(); ++i) {
        const T* row = log_p.data<T>() + i * classes;
        double loss = 0;
        if (!ignored(i)) {
          loss = -on * static_cast<double>(row[targets[i]]);
          if (spread > 0)
            for (index_t c = 0; c < classes; ++c) loss -= spread * static_cast<double>(row[c]);
        }
        py[i] = static_cast<T>(loss);
      }
    });
    return y;
  }

  // The gradient with respect to the loss of each row. dy is a scalar, or (...) for Reduction::none.
  Tensor row_gradients(const Tensor& dy) const {
    if (options.reduction == Reduction::none) return ops::dense(dy);
    const bool mean = options.reduction == Reduction::mean;
    const double weight = mean ? 1.0 / static_cast<double>(std::max<index_t>(counted, 1)) : 1.0;
    return full(targets.shape(), dy.item() * weight, dy.dtype());
  }

  Tensor total(const Tensor& losses) const {
    if (options.reduction == Reduction::none) return losses;
    const Tensor s = sum(losses);
    return options.reduction == Reduction::sum || counted == 0 ? s : s / static_cast<double>(counted);
  }
};

}  // namespace

// cross_entropy(logits, targets): the negative logarithm of the probability that softmax gives to
// the target.
//   logits (..., V), targets (...) -> a scalar, or (...) for Reduction::none
//   forward    loss = -log_softmax(logits)[target]
//   backward   dlogits = dloss * (softmax(logits) - one_hot(target))
//   saves      log_softmax(logits), targets
//   taught in  lessons/07
Tensor cross_entropy(const Tensor& logits, const IntTensor& targets, const CrossEntropyOptions& options) {
  check_targets("cross_entropy", logits, targets, options);
  const RowLosses rows(logits, targets, options);
  Tensor log_p, y;
  {
    const NoGrad no_grad;
    log_p = log_softmax(logits, -1);
    y = rows.total(rows.losses(log_p));
  }
  return record("cross_entropy", {logits}, y, [rows, log_p = Saved(log_p)](const Tensor& dy, Gradients& d) {
    const Tensor g = rows.row_gradients(dy);
    Tensor dlogits = exp(log_p());  // the probabilities, replaced by the gradient in place
    ops::dispatch(dlogits.dtype(), [&]<class T>() {
      const T on = static_cast<T>(rows.on), spread = static_cast<T>(rows.spread);
      for (index_t i = 0; i < rows.targets.numel(); ++i) {
        T* row = ops::output<T>(dlogits) + i * rows.classes;
        const T scale = rows.ignored(i) ? T{0} : g.data<T>()[i];
        if (scale == T{0}) {
          std::fill_n(row, rows.classes, T{0});
          continue;
        }
        const index_t target = rows.targets[i];
        for (index_t c = 0; c < rows.classes; ++c)
          row[c] = scale * (row[c] - spread - (c == target ? on : T{0}));
      }
    });
    d[0] = dlogits;
  });
}

// nll_loss(log_probabilities, targets): cross_entropy from log-probabilities.
//   log_probabilities (..., V), targets (...) -> a scalar, or (...) for Reduction::none
//   forward    loss = -log_probabilities[target]
//   backward   dlog_probabilities = -dloss * one_hot(target)
//   saves      targets
Tensor nll_loss(const Tensor& log_probabilities, const IntTensor& targets,
                const CrossEntropyOptions& options) {
  check_targets("nll_loss", log_probabilities, targets, options);
  const RowLosses rows(log_probabilities, targets, options);
  Tensor y;
  {
    const NoGrad no_grad;
    y = rows.total(rows.losses(ops::dense(log_probabilities)));
  }
  return record("nll_loss", {log_probabilities}, y,
                [rows, shape = log_probabilities.shape()](const Tensor& dy, Gradients& d) {
                  const Tensor g = rows.row_gradients(dy);
                  d[0] = zeros(shape, dy.dtype());
                  ops::dispatch(dy.dtype(), [&]<class T>() {
                    for (index_t i = 0; i < rows.targets.numel(); ++i) {
                      if (rows.ignored(i)) continue;
                      const T scale = g.data<T>()[i];
                      T* row = ops::output<T>(d[0]) + i * rows.classes;
                      std::fill_n(row, rows.classes, -scale * static_cast<T>(rows.spread));
                      row[rows.targets[i]] -= scale * static_cast<T>(rows.on);
                    }
                  });
                });
}

// mse_loss(x, target): the mean of (x - target)². Composed of elementwise ops.
Tensor mse_loss(const Tensor& x, const Tensor& target, Reduction reduction) {
  ops::check_tensors("mse_loss", {&x, &target});
  check(x.shape() == target.shape(), "mse_loss", "expected x and target of one shape, got x ", x,
        " and target ", target);
  const Tensor difference = x - target;
  return reduce(difference * difference, reduction);
}

// binary_cross_entropy_with_logits(x, t): the mean of -t ln σ(x) - (1 - t) ln(1 - σ(x)).
//   x (...), t (...) -> a scalar, or (...) for Reduction::none
//   forward    max(x, 0) (1 - t) + max(-x, 0) t + ln(1 + e^-|x|), with 0 · inf = 0; this is the
//              same function, but exp cannot overflow
//   backward   dx = dy * (σ(x) - t);  dt = -dy * x
//   saves      x, t
Tensor binary_cross_entropy_with_logits(const Tensor& x, const Tensor& target, Reduction reduction) {
  const char* op = "binary_cross_entropy_with_logits";
  ops::check_tensors(op, {&x, &target});
  check(x.shape() == target.shape(), op, "expected x and target of one shape, got x ", x, " and target ",
        target);
  Tensor losses = ops::allocate_like(op, x);
  const Tensor xd = ops::dense(x), td = ops::dense(target);
  ops::dispatch(x.dtype(), [&]<class T>() {
    for (index_t i = 0; i < x.numel(); ++i) {
      const T v = xd.data<T>()[i], t = td.data<T>()[i];
      check(t >= 0 && t <= 1, op, "expected targets in [0, 1], got ", t, " at position ", i);
      const T above = v > 0 ? v : T{0}, below = v > 0 ? T{0} : -v;
      const T linear = (t < 1 ? above * (1 - t) : T{0}) + (t > 0 ? below * t : T{0});
      ops::output<T>(losses)[i] = linear + std::log1p(std::exp(-(above + below)));
    }
  });
  const Tensor y =
      record(op, {x, target}, losses, [x = Saved(x), t = Saved(target)](const Tensor& dy, Gradients& d) {
        if (d.needs(0)) d[0] = dy * (sigmoid(x()) - t());
        if (d.needs(1)) d[1] = neg(dy * x());
      });
  return reduce(y, reduction);
}

}  // namespace heed
