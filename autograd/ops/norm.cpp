// norm.cpp — layer_norm and rms_norm: each row scaled to unit variance or unit root mean square.
#include "autograd/ops/common.h"

namespace heed {

using ops::data_or_null;

namespace {

// Requires that x (..., C) has at least one channel, and that gamma and beta are (C) if they are defined.
void check_norm(const char* op, const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
  ops::check_tensors(op, {&x});
  check(x.rank() >= 1 && x.shape().back(1) > 0, op, "expected at least one channel to normalise over, got x ",
        x);
  check(eps >= 0, op, "expected eps >= 0, got ", eps);
  for (const Tensor* parameter : {&gamma, &beta}) {
    if (!parameter->defined()) continue;
    ops::check_tensors(op, {&x, parameter});
    check(parameter->shape() == Shape{x.shape().back(1)}, op, "expected ",
          parameter == &gamma ? "gamma" : "beta", " to have one element per channel of x ", x, ", got ",
          *parameter);
  }
}

// Backward sums dgamma and dbeta over blocks of this many rows, and then adds the blocks in order:
// the result does not depend on the number of threads.
constexpr index_t block_rows = 64;

// One row of partial sums (C) per block of rows of x.
Tensor block_sums(const char* op, const Tensor& x) {
  const index_t blocks = (ops::rows_of(x.shape()) + block_rows - 1) / block_rows;
  return ops::allocate(op, {blocks, x.shape().back(1)}, x.dtype());
}

// One number per row of x.
Tensor row_statistic(const char* op, const Tensor& x) {
  return ops::allocate(op, {ops::rows_of(x.shape())}, x.dtype());
}

}  // namespace

// layer_norm(x, gamma, beta): normalises each row of C channels, then scales and shifts it.
//   x (..., C), gamma (C), beta (C) -> y (..., C)
//   forward    n = (x - mean) * rstd;  y = n * gamma + beta
//   backward   dn = dy * gamma;  dx = rstd * (dn - mean(dn) - n * mean(dn * n))
//              dgamma = sum over rows of dy * n;  dbeta = sum over rows of dy
//   saves      x, mean (...), rstd (...); n is recomputed, which costs one multiply instead of C
//              floats per row
//   taught in  lessons/05
Tensor layer_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
  const char* op = "layer_norm";
  check_norm(op, x, gamma, beta, eps);
  Tensor y = ops::allocate_like(op, x), mean = row_statistic(op, x), rstd = row_statistic(op, x);
  const ops::Dense xd(x), scale(gamma), shift(beta);
  ops::row_wise(y, xd, [&]<class T>(const T* px, T* py, const ops::Rows<T>& rows) {
    kernels::kernels<T>().layer_norm(px, data_or_null<T>(scale), data_or_null<T>(shift), static_cast<T>(eps),
                                     py, rows.statistic(mean), rows.statistic(rstd), rows.count, rows.n);
  });
  return record(op, {x, gamma, beta}, std::move(y),
                [op, x = Saved(xd), gamma = Saved(scale), mean = Saved(mean), rstd = Saved(rstd)](
                    const Tensor& dy, Gradients& d) {
                  const Tensor xd = x(), scale = gamma(), m = mean(), r = rstd();
                  Tensor dgamma = block_sums(op, dy), dbeta = block_sums(op, dy);
                  const auto backward = [&]<class T>(const T* pdy, T* pdx, const ops::Rows<T>& rows) {
                    kernels::kernels<T>().layer_norm_backward(
                        pdy, rows.of(xd), data_or_null<T>(scale), rows.statistic(m), rows.statistic(r), pdx,
                        rows.block(dgamma, block_rows), rows.block(dbeta, block_rows), rows.count, rows.n);
                  };
                  d[0] = ops::row_wise(op, dy, backward, block_rows);
                  if (d.needs(1)) d[1] = sum(dgamma, {0});
                  if (d.needs(2)) d[2] = sum(dbeta, {0});
                });
}

// rms_norm(x, gamma): scales each row to a root mean square of 1, then by gamma. It does not
// subtract the mean.
//   x (..., C), gamma (C) -> y (..., C)
//   forward    n = x * rstd, rstd = 1 / sqrt(mean(x²) + eps);  y = n * gamma
//   backward   dn = dy * gamma;  dx = rstd * (dn - n * mean(dn * n));  dgamma = sum over rows of dy * n
//   saves      x, rstd (...)
//   taught in  lessons/10
Tensor rms_norm(const Tensor& x, const Tensor& gamma, double eps) {
  const char* op = "rms_norm";
  check_norm(op, x, gamma, {}, eps);
  Tensor y = ops::allocate_like(op, x), rstd = row_statistic(op, x);
  const ops::Dense xd(x), scale(gamma);
  ops::row_wise(y, xd, [&]<class T>(const T* px, T* py, const ops::Rows<T>& rows) {
    kernels::kernels<T>().rms_norm(px, data_or_null<T>(scale), static_cast<T>(eps), py, rows.statistic(rstd),
                                   rows.count, rows.n);
  });
  return record(
      op, {x, gamma}, std::move(y),
      [op, x = Saved(xd), gamma = Saved(scale), rstd = Saved(rstd)](const Tensor& dy, Gradients& d) {
        const Tensor xd = x(), scale = gamma(), r = rstd();
        Tensor dgamma = block_sums(op, dy);
        const auto backward = [&]<class T>(const T* pdy, T* pdx, const ops::Rows<T>& rows) {
          kernels::kernels<T>().rms_norm_backward(pdy, rows.of(xd), data_or_null<T>(scale), rows.statistic(r),
                                                  pdx, rows.block(dgamma, block_rows), rows.count, rows.n);
        };
        d[0] = ops::row_wise(op, dy, backward, block_rows);
        if (d.needs(1)) d[1] = sum(dgamma, {0});
      });
}

}  // namespace heed
