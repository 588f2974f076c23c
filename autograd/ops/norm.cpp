// norm.cpp — layer_norm and rms_norm: rows brought to a common scale.
#include "autograd/ops/common.h"

namespace heed {

// x (..., C) needs a last axis, and gamma and beta, where given, have its size.
static void check_norm(const char* op, const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
  ops::check_tensors(op, {&x});
  check(x.rank() >= 1 && x.shape().back(1) > 0, op, "needs at least one channel to normalise over, got x ",
        x.shape());
  check(eps >= 0, op, "eps must not be negative, got ", eps);
  for (const Tensor* scale : {&gamma, &beta}) {
    if (!scale->defined()) continue;
    ops::check_tensors(op, {&x, scale});
    check(scale->shape() == Shape{x.shape().back(1)}, op, scale == &gamma ? "gamma " : "beta ",
          scale->shape(), " must have one number for each channel of x ", x.shape());
  }
}

// An optional parameter as a pointer: null where there is none.
template <class T>
static const T* pointer(const Tensor& t) {
  return t.defined() ? t.data<T>() : nullptr;
}
static Tensor dense_or_none(const Tensor& t) { return t.defined() ? ops::dense(t) : Tensor(); }

// layer_norm(x, gamma, beta): normalise each row of C channels, then scale and shift.
//   x (..., C), gamma (C), beta (C) -> y (..., C)
//   forward    n = (x - mean) * rstd;  y = n * gamma + beta
//   backward   dn = dy * gamma;  dx = rstd * (dn - mean(dn) - n * mean(dn * n))
//              dgamma = sum over rows of dy * n;  dbeta = sum over rows of dy
//   saves      x, mean (...), rstd (...): n is recomputed, one multiply instead of C floats a row
//   taught in  lessons/05
Tensor layer_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
  check_norm("layer_norm", x, gamma, beta, eps);
  const index_t rows = ops::rows_of(x.shape()), channels = x.shape().back(1);
  const Tensor xd = ops::dense(x), g = dense_or_none(gamma), b = dense_or_none(beta);
  Tensor y = ops::empty_like(x), mean = empty({rows}, x.dtype()), rstd = empty({rows}, x.dtype());
  ops::dispatch(x.dtype(), [&]<class T>() {
    const T *px = xd.data<T>(), *pg = pointer<T>(g), *pb = pointer<T>(b);
    T *py = ops::output<T>(y), *pm = ops::output<T>(mean), *pr = ops::output<T>(rstd);
    kernels::parallel_for(rows, ops::costly_grain / channels + 1, [&](index_t begin, index_t end) {
      kernels::kernels<T>().layer_norm(px + begin * channels, pg, pb, static_cast<T>(eps),
                                       py + begin * channels, pm + begin, pr + begin, end - begin, channels);
    });
  });
  return record("layer_norm", {x, gamma, beta}, y,
                [x = Saved(xd), g = Saved(g), mean = Saved(mean), rstd = Saved(rstd), rows, channels](
                    const Tensor& dy, Gradients& d) {
                  const Tensor dyd = ops::dense(dy), gamma = g();
                  Tensor dx = ops::empty_like(dyd), dgamma = empty({channels}, dy.dtype()),
                         dbeta = empty({channels}, dy.dtype());
                  ops::dispatch(dy.dtype(), [&]<class T>() {
                    kernels::kernels<T>().layer_norm_backward(
                        dyd.data<T>(), x().data<T>(), pointer<T>(gamma), mean().data<T>(), rstd().data<T>(),
                        ops::output<T>(dx), ops::output<T>(dgamma), ops::output<T>(dbeta), rows, channels);
                  });
                  if (d.needs(0)) d[0] = dx;
                  if (d.needs(1)) d[1] = dgamma;
                  if (d.needs(2)) d[2] = dbeta;
                });
}

// rms_norm(x, gamma): brings each row's root mean square to 1, then scales. The mean stays where it was.
//   x (..., C), gamma (C) -> y (..., C)
//   forward    n = x * rstd, rstd = 1 / sqrt(mean(x²) + eps);  y = n * gamma
//   backward   dn = dy * gamma;  dx = rstd * (dn - n * mean(dn * n));  dgamma = sum over rows of dy * n
//   saves      x, rstd (...)
//   taught in  lessons/10
Tensor rms_norm(const Tensor& x, const Tensor& gamma, double eps) {
  check_norm("rms_norm", x, gamma, {}, eps);
  const index_t rows = ops::rows_of(x.shape()), channels = x.shape().back(1);
  const Tensor xd = ops::dense(x), g = dense_or_none(gamma);
  Tensor y = ops::empty_like(x), rstd = empty({rows}, x.dtype());
  ops::dispatch(x.dtype(), [&]<class T>() {
    const T *px = xd.data<T>(), *pg = pointer<T>(g);
    T *py = ops::output<T>(y), *pr = ops::output<T>(rstd);
    kernels::parallel_for(rows, ops::costly_grain / channels + 1, [&](index_t begin, index_t end) {
      kernels::kernels<T>().rms_norm(px + begin * channels, pg, static_cast<T>(eps), py + begin * channels,
                                     pr + begin, end - begin, channels);
    });
  });
  return record(
      "rms_norm", {x, gamma}, y,
      [x = Saved(xd), g = Saved(g), rstd = Saved(rstd), rows, channels](const Tensor& dy, Gradients& d) {
        const Tensor dyd = ops::dense(dy), gamma = g();
        Tensor dx = ops::empty_like(dyd), dgamma = empty({channels}, dy.dtype());
        ops::dispatch(dy.dtype(), [&]<class T>() {
          kernels::kernels<T>().rms_norm_backward(dyd.data<T>(), x().data<T>(), pointer<T>(gamma),
                                                  rstd().data<T>(), ops::output<T>(dx),
                                                  ops::output<T>(dgamma), rows, channels);
        });
        if (d.needs(0)) d[0] = dx;
        if (d.needs(1)) d[1] = dgamma;
      });
}

}  // namespace heed
