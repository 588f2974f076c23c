// norm.cpp — layer_norm and rms_norm: rows brought to a common scale.
#include <algorithm>

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

// Backward works on blocks of rows, each with a row of dgamma and dbeta for itself: their sum, in order, is the same on any number
// of threads.
constexpr index_t block_rows = 64;
static index_t blocks_of(index_t rows) { return (rows + block_rows - 1) / block_rows; }

// run(block, first row, rows in it)
template <class Run>
static void for_each_block(index_t rows, index_t channels, Run run) {
  kernels::parallel_for(blocks_of(rows), ops::costly_grain / (block_rows * channels) + 1,
                        [&](index_t begin, index_t end) {
                          for (index_t b = begin; b < end; ++b)
                            run(b, b * block_rows, std::min(block_rows, rows - b * block_rows));
                        });
}

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
  Tensor y = ops::allocate_like("layer_norm", x), mean = ops::allocate("layer_norm", {rows}, x.dtype()),
         rstd = ops::allocate_like("layer_norm", mean);
  const Tensor xd = ops::dense(x), g = dense_or_none(gamma), b = dense_or_none(beta);
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
                  Tensor dx = ops::allocate_like("layer_norm", dyd),
                         dgamma = ops::allocate("layer_norm", {blocks_of(rows), channels}, dy.dtype()),
                         dbeta = ops::allocate_like("layer_norm", dgamma);
                  ops::dispatch(dy.dtype(), [&]<class T>() {
                    const T *pdy = dyd.data<T>(), *px = x().data<T>(), *pg = pointer<T>(gamma);
                    const T *pm = mean().data<T>(), *pr = rstd().data<T>();
                    T *pdx = ops::output<T>(dx), *pdg = ops::output<T>(dgamma), *pdb = ops::output<T>(dbeta);
                    for_each_block(rows, channels, [&](index_t block, index_t first, index_t count) {
                      const index_t at = first * channels, sums = block * channels;
                      kernels::kernels<T>().layer_norm_backward(pdy + at, px + at, pg, pm + first, pr + first,
                                                                pdx + at, pdg + sums, pdb + sums, count,
                                                                channels);
                    });
                  });
                  if (d.needs(0)) d[0] = dx;
                  if (d.needs(1)) d[1] = sum(dgamma, {0});
                  if (d.needs(2)) d[2] = sum(dbeta, {0});
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
  Tensor y = ops::allocate_like("rms_norm", x), rstd = ops::allocate("rms_norm", {rows}, x.dtype());
  const Tensor xd = ops::dense(x), g = dense_or_none(gamma);
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
        Tensor dx = ops::allocate_like("rms_norm", dyd),
               dgamma = ops::allocate("rms_norm", {blocks_of(rows), channels}, dy.dtype());
        ops::dispatch(dy.dtype(), [&]<class T>() {
          const T *pdy = dyd.data<T>(), *px = x().data<T>(), *pg = pointer<T>(gamma), *pr = rstd().data<T>();
          T *pdx = ops::output<T>(dx), *pdg = ops::output<T>(dgamma);
          for_each_block(rows, channels, [&](index_t block, index_t first, index_t count) {
            const index_t at = first * channels;
            kernels::kernels<T>().rms_norm_backward(pdy + at, px + at, pg, pr + first, pdx + at,
                                                    pdg + block * channels, count, channels);
          });
        });
        if (d.needs(0)) d[0] = dx;
        if (d.needs(1)) d[1] = sum(dgamma, {0});
      });
}

}  // namespace heed
