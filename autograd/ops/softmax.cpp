// softmax.cpp — scores to probabilities: softmax, its masked form and its logarithm.
#include "autograd/ops/common.h"

namespace heed {

namespace {

// Applies an op of the last axis to another axis: transposes that axis to the end and back again.
template <class Op>
Tensor along(const char* op, const Tensor& x, index_t axis, Op&& of_rows) {
  ops::check_tensors(op, {&x});
  check(x.rank() >= 1, op, "expected at least one axis, got x ", x);
  const int a = wrap_axis(op, axis, x.shape());
  if (a == x.rank() - 1) return of_rows(x);
  return of_rows(x.transpose(a, -1)).transpose(a, -1);
}

// softmax over the last axis; `allowed`, if it is defined, broadcasts to x and masks the other elements.
Tensor softmax_rows(const char* op, const Tensor& x, const Mask& allowed) {
  Tensor y = ops::allocate_like(op, x);
  const Mask expanded = allowed.defined() ? allowed.expand(x.shape()) : Mask();
  const std::uint8_t* mask = expanded.defined() ? expanded.data() : nullptr;
  ops::row_wise(y, x, [&]<class T>(const T* px, T* py, const ops::Rows<T>& rows) {
    kernels::kernels<T>().softmax_rows(px, mask ? mask + rows.first * rows.n : nullptr, py, rows.count,
                                       rows.n);
  });
  return record(op, {x}, y, [op, y = Saved(y)](const Tensor& dy, Gradients& d) {
    const Tensor p = y();
    d[0] = ops::row_wise(op, dy, [&]<class T>(const T* pdy, T* pdx, const ops::Rows<T>& rows) {
      kernels::kernels<T>().softmax_rows_backward(pdy, rows.of(p), pdx, rows.count, rows.n);
    });
  });
}

}  // namespace

// softmax(x): each row as positive numbers that sum to 1.
//   x (..., n) -> y (..., n)
//   forward    y = exp(x - max) / sum(exp(x - max)); the maximum is subtracted so that exp cannot overflow
//   backward   dx = y * (dy - sum(dy * y)): every output depends on every input of its row
//   saves      y
//   taught in  lessons/02
Tensor softmax(const Tensor& x, index_t axis) {
  return along("softmax", x, axis, [](const Tensor& rows) { return softmax_rows("softmax", rows, {}); });
}

// masked_softmax(x, allowed): softmax over the allowed elements of each row; the others are 0, as
// is a row without any.
//   x (..., n), allowed broadcasts to x -> y (..., n)
//   backward   as softmax; an element with y = 0 gets no gradient
//   saves      y
//   taught in  lessons/02
Tensor masked_softmax(const Tensor& x, const Mask& allowed) {
  const char* op = "masked_softmax";
  ops::check_tensors(op, {&x});
  check(allowed.defined(), op, "expected a mask, got ", allowed, ". Hint: softmax() takes none");
  check(x.rank() >= 1 && broadcast_shapes(op, x.shape(), allowed.shape()) == x.shape(), op,
        "expected a mask that broadcasts to x ", x, ", got ", allowed);
  return softmax_rows("masked_softmax", x, allowed);
}

// log_softmax(x): the logarithm of softmax, computed without overflow or underflow.
//   x (..., n) -> y (..., n)
//   forward    y = x - logsumexp(x)
//   backward   dx = dy - exp(y) * sum(dy)
//   saves      y
//   taught in  lessons/07
Tensor log_softmax(const Tensor& x, index_t axis) {
  return along("log_softmax", x, axis, [](const Tensor& last) {
    const char* op = "log_softmax";
    const Tensor y = ops::row_wise(op, last, []<class T>(const T* px, T* py, const ops::Rows<T>& rows) {
      kernels::kernels<T>().log_softmax_rows(px, py, rows.count, rows.n);
    });
    return record(op, {last}, y, [op, y = Saved(y)](const Tensor& dy, Gradients& d) {
      const Tensor log_p = y();
      d[0] = ops::row_wise(op, dy, [&]<class T>(const T* pdy, T* pdx, const ops::Rows<T>& rows) {
        kernels::kernels<T>().log_softmax_rows_backward(pdy, rows.of(log_p), pdx, rows.count, rows.n);
      });
    });
  });
}

}  // namespace heed
