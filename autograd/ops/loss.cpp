// loss.cpp — how wrong a prediction is, as one number.
#include <algorithm>
#include <cmath>

#include "autograd/ops/common.h"

namespace heed {

namespace {

Tensor reduced(const Tensor& each, Reduction reduction) {
  if (reduction == Reduction::none) return each;
  return reduction == Reduction::sum ? sum(each) : mean(each);
}

void check_targets(const char* op, const Tensor& x, const IntTensor& targets,
                   const CrossEntropyOptions& options) {
  ops::check_tensors(op, {&x});
  check(x.rank() >= 1 && x.shape().back(1) > 0, op, "needs at least one class in the last axis, got ",
        x.shape());
  Shape expected = x.shape();
  expected.erase(x.rank() - 1);
  check(targets.shape() == expected, op, "targets ", targets.shape(), " must have one class for each row of ",
        x.shape(), ": ", expected, ". Hint: the classes are the last axis");
  const index_t classes = x.shape().back(1);
  for (index_t i = 0; i < targets.numel(); ++i)
    check(targets[i] == options.ignore_index || (targets[i] >= 0 && targets[i] < classes), op, "target ",
          targets[i], " at place ", i, " is not a class; it must be in [0, ", classes, ") or ignore_index (",
          options.ignore_index, ")");
  check(options.label_smoothing >= 0 && options.label_smoothing < 1, op,
        "label_smoothing must be in [0, 1), got ", options.label_smoothing);
}

// The loss of each row, and its gradient, from log-probabilities. With smoothing ε a row's target is spread:
// 1 - ε on the class, ε / V on every class, and the loss is -Σ target * log p.
struct Rows {
  IntTensor targets;
  CrossEntropyOptions options;
  index_t classes, counted;  // how many rows are not ignored

  Rows(const Tensor& x, IntTensor t, const CrossEntropyOptions& o)
      : targets(std::move(t)), options(o), classes(x.shape().back(1)), counted(0) {
    for (const index_t target : targets.values()) counted += target != options.ignore_index;
  }

  Tensor losses(const Tensor& log_p) const {
    Tensor y = ops::allocate("cross_entropy", targets.shape(), log_p.dtype());
    const double on = 1 - options.label_smoothing,
                 spread = options.label_smoothing / static_cast<double>(classes);
    ops::dispatch(log_p.dtype(), [&]<class T>() {
      T* py = ops::output<T>(y);
      for (index_t i = 0; i < targets.numel(); ++i) {
        const T* row = log_p.data<T>() + i * classes;
        double loss = 0;
        if (targets[i] != options.ignore_index) {
          loss = -on * static_cast<double>(row[targets[i]]);
          if (spread > 0)
            for (index_t c = 0; c < classes; ++c) loss -= spread * static_cast<double>(row[c]);
        }
        py[i] = static_cast<T>(loss);
      }
    });
    return y;
  }

  // What dy (a number, or one a row) means for each row's loss.
  Tensor row_gradients(const Tensor& dy) const {
    if (options.reduction == Reduction::none) return ops::dense(dy);
    const bool mean = options.reduction == Reduction::mean;
    const double share = mean ? 1.0 / static_cast<double>(std::max<index_t>(counted, 1)) : 1.0;
    return full(targets.shape(), dy.item() * share, dy.dtype());
  }

  Tensor total(const Tensor& losses) const {
    if (options.reduction == Reduction::none) return losses;
    const Tensor s = sum(losses);
    return options.reduction == Reduction::sum || counted == 0 ? s : s / static_cast<double>(counted);
  }
};

}  // namespace

// cross_entropy(logits, targets): -ln of the share that softmax gives to the right class.
//   logits (..., V), targets (...) -> one number, or (...)
//   forward    loss = -log_softmax(logits)[target]
//   backward   dlogits = dloss * (softmax(logits) - target): the probabilities, less 1 at the right class
//   saves      log-probabilities
//   taught in  lessons/07
Tensor cross_entropy(const Tensor& logits, const IntTensor& targets, const CrossEntropyOptions& options) {
  check_targets("cross_entropy", logits, targets, options);
  const Rows rows(logits, targets, options);
  Tensor log_p, y;
  {
    const NoGrad no_grad;
    log_p = log_softmax(logits, -1);
    y = rows.total(rows.losses(log_p));
  }
  return record("cross_entropy", {logits}, y, [rows, log_p = Saved(log_p)](const Tensor& dy, Gradients& d) {
    const Tensor p = exp(log_p()), g = rows.row_gradients(dy);
    const double on = 1 - rows.options.label_smoothing,
                 spread = rows.options.label_smoothing / static_cast<double>(rows.classes);
    ops::dispatch(p.dtype(), [&]<class T>() {
      T* x = const_cast<T*>(p.data<T>());  // p is ours alone: turned into the gradient where it stands
      for (index_t i = 0; i < rows.targets.numel(); ++i) {
        const index_t target = rows.targets[i];
        const T scale = target == rows.options.ignore_index ? T{0} : g.data<T>()[i];
        for (index_t c = 0; c < rows.classes; ++c) {
          T& v = x[i * rows.classes + c];
          v = scale == T{0}
                  ? T{0}
                  : scale * (v - static_cast<T>(spread) - (c == target ? static_cast<T>(on) : T{0}));
        }
      }
    });
    d[0] = p;
  });
}

// nll_loss(log_probabilities, targets): the same, for one who has the log-probabilities already.
//   backward   d = -dloss at the target (and the spread of the smoothing), 0 elsewhere
Tensor nll_loss(const Tensor& log_probabilities, const IntTensor& targets,
                const CrossEntropyOptions& options) {
  check_targets("nll_loss", log_probabilities, targets, options);
  const Rows rows(log_probabilities, targets, options);
  Tensor y;
  {
    const NoGrad no_grad;
    y = rows.total(rows.losses(ops::dense(log_probabilities)));
  }
  return record("nll_loss", {log_probabilities}, y,
                [rows, shape = log_probabilities.shape()](const Tensor& dy, Gradients& d) {
                  const Tensor g = rows.row_gradients(dy);
                  d[0] = zeros(shape, dy.dtype());
                  const double on = 1 - rows.options.label_smoothing,
                               spread = rows.options.label_smoothing / static_cast<double>(rows.classes);
                  ops::dispatch(dy.dtype(), [&]<class T>() {
                    for (index_t i = 0; i < rows.targets.numel(); ++i) {
                      if (rows.targets[i] == rows.options.ignore_index) continue;
                      T* row = ops::output<T>(d[0]) + i * rows.classes;
                      for (index_t c = 0; c < rows.classes; ++c)
                        row[c] = -g.data<T>()[i] * static_cast<T>(spread);
                      row[rows.targets[i]] -= g.data<T>()[i] * static_cast<T>(on);
                    }
                  });
                });
}

// mse_loss(x, target): mean of (x - target)²
Tensor mse_loss(const Tensor& x, const Tensor& target, Reduction reduction) {
  ops::check_tensors("mse_loss", {&x, &target});
  check(x.shape() == target.shape(), "mse_loss", "x ", x.shape(), " and target ", target.shape(),
        " must have one shape");
  const Tensor distance = x - target;
  return reduced(distance * distance, reduction);
}

// binary_cross_entropy_with_logits(x, t): mean of -t ln σ(x) - (1 - t) ln(1 - σ(x)).
//   forward    max(x, 0) (1 - t) + max(-x, 0) t + ln(1 + e^-|x|), with 0 · inf = 0: the same, but
//              exp never overflows
//   backward   dx = dy * (σ(x) - t);  dt = -dy * x
//   saves      x, t
Tensor binary_cross_entropy_with_logits(const Tensor& x, const Tensor& target, Reduction reduction) {
  const char* op = "binary_cross_entropy_with_logits";
  ops::check_tensors(op, {&x, &target});
  check(x.shape() == target.shape(), op, "x ", x.shape(), " and target ", target.shape(),
        " must have one shape");
  Tensor each;
  {
    const NoGrad no_grad;
    each = ops::allocate_like(op, x);
    const Tensor xd = ops::dense(x), td = ops::dense(target);
    ops::dispatch(x.dtype(), [&]<class T>() {
      for (index_t i = 0; i < x.numel(); ++i) {
        const T v = xd.data<T>()[i], t = td.data<T>()[i];
        check(t >= 0 && t <= 1, op, "target ", t, " at place ", i,
              " is not a probability; it must be in [0, 1]");
        const T above = v > 0 ? v : T{0}, below = v > 0 ? T{0} : -v;
        const T linear = (t < 1 ? above * (1 - t) : T{0}) + (t > 0 ? below * t : T{0});
        ops::output<T>(each)[i] = linear + std::log1p(std::exp(-(above + below)));
      }
    });
  }
  const Tensor y =
      record(op, {x, target}, each, [x = Saved(x), t = Saved(target)](const Tensor& dy, Gradients& d) {
        if (d.needs(0)) d[0] = dy * (sigmoid(x()) - t());
        if (d.needs(1)) d[1] = neg(dy * x());
      });
  return reduced(y, reduction);
}

}  // namespace heed
