// softmax.cpp — scores to shares of one whole.
#include "autograd/ops/common.h"

namespace heed {

namespace {

// Runs a kernel over rows of n in parallel.
template <class Run>
void over_rows(index_t rows, index_t n, Run&& run) {
  kernels::parallel_for(rows, ops::costly_grain / n + 1, run);
}

// Along another axis than the last: the last and that one change places, before and after.
template <class Op>
Tensor along(const char* op, const Tensor& x, index_t axis, Op&& on_last) {
  ops::check_tensors(op, {&x});
  check(x.rank() >= 1, op, "needs an axis; a single number has none");
  const int a = wrap_axis(op, axis, x.shape());
  if (a == x.rank() - 1) return on_last(x);
  return on_last(x.transpose(a, -1)).transpose(a, -1);
}

Tensor softmax_backward(const char* op, const Tensor& dy, const Tensor& y) {
  Tensor dx = ops::allocate_like(op, y);
  const Tensor dyd = ops::dense(dy);
  const index_t rows = ops::rows_of(y.shape()), n = y.shape().back(1);
  if (y.numel() == 0) return dx;
  ops::dispatch(y.dtype(), [&]<class T>() {
    const T *g = dyd.data<T>(), *py = y.data<T>();
    T* p = ops::output<T>(dx);
    over_rows(rows, n, [&](index_t begin, index_t stop) {
      kernels::kernels<T>().softmax_rows_backward(g + begin * n, py + begin * n, p + begin * n, stop - begin,
                                                  n);
    });
  });
  return dx;
}

// allowed may be undefined: everything may be attended. It broadcasts to x.
Tensor softmax_last(const char* op, const Tensor& x, const Mask& allowed) {
  Tensor y = ops::allocate_like(op, x);
  const Tensor xd = ops::dense(x);
  const index_t rows = ops::rows_of(x.shape()), n = x.shape().back(1);
  if (x.numel() > 0)
    ops::dispatch(x.dtype(), [&]<class T>() {
      const T* px = xd.data<T>();
      T* py = ops::output<T>(y);
      const Mask all = allowed.defined() ? allowed.expand(x.shape()) : Mask();
      const std::uint8_t* mask = all.defined() ? all.data() : nullptr;
      over_rows(rows, n, [&](index_t begin, index_t stop) {
        kernels::kernels<T>().softmax_rows(px + begin * n, mask ? mask + begin * n : nullptr, py + begin * n,
                                           stop - begin, n);
      });
    });
  return record(op, {x}, y,
                [op, y = Saved(y)](const Tensor& dy, Gradients& d) { d[0] = softmax_backward(op, dy, y()); });
}

}  // namespace

// softmax(x): each row as positive shares that sum to 1.
//   x (..., n) -> y (..., n)
//   forward    y = exp(x - max) / sum(exp(x - max)): the maximum is taken off so that exp cannot overflow
//   backward   dx = y * (dy - sum(dy * y)): every output depends on every input of its row
//   saves      y
//   taught in  lessons/02
Tensor softmax(const Tensor& x, index_t axis) {
  return along("softmax", x, axis, [](const Tensor& rows) { return softmax_last("softmax", rows, {}); });
}

// masked_softmax(x, allowed): softmax of what may be attended; the rest is 0, and so is
// a row where nothing may be.
//   x (..., n), allowed broadcasts to x;   backward and saves as softmax: a weight of 0 passes no gradient
Tensor masked_softmax(const Tensor& x, const Mask& allowed) {
  ops::check_tensors("masked_softmax", {&x});
  check(allowed.defined(), "masked_softmax", "the mask is undefined. Hint: softmax() needs none");
  check(x.rank() >= 1 && broadcast_shapes("masked_softmax", x.shape(), allowed.shape()) == x.shape(),
        "masked_softmax", "mask ", allowed.shape(), " must broadcast to x ", x.shape());
  return softmax_last("masked_softmax", x, allowed);
}

// log_softmax(x): ln of the shares, without leaving the range of floats on the way.
//   forward    y = x - logsumexp(x)
//   backward   dx = dy - exp(y) * sum(dy)
//   saves      y
Tensor log_softmax(const Tensor& x, index_t axis) {
  return along("log_softmax", x, axis, [](const Tensor& last) {
    Tensor y = ops::allocate_like("log_softmax", last);
    const Tensor xd = ops::dense(last);
    const index_t rows = ops::rows_of(last.shape()), n = last.shape().back(1);
    if (y.numel() > 0)
      ops::dispatch(y.dtype(), [&]<class T>() {
        const T* px = xd.data<T>();
        T* py = ops::output<T>(y);
        over_rows(rows, n, [&](index_t begin, index_t stop) {
          kernels::kernels<T>().log_softmax_rows(px + begin * n, py + begin * n, stop - begin, n);
        });
      });
    return record("log_softmax", {last}, y, [y = Saved(y), rows, n](const Tensor& dy, Gradients& d) {
      const Tensor dyd = ops::dense(dy), yd = y();
      d[0] = ops::allocate_like("log_softmax", yd);
      if (yd.numel() == 0) return;
      ops::dispatch(yd.dtype(), [&]<class T>() {
        const T *g = dyd.data<T>(), *py = yd.data<T>();
        T* p = ops::output<T>(d[0]);
        over_rows(rows, n, [&](index_t begin, index_t stop) {
          kernels::kernels<T>().log_softmax_rows_backward(g + begin * n, py + begin * n, p + begin * n,
                                                          stop - begin, n);
        });
      });
    });
  });
}

}  // namespace heed
