#include "autograd/kernels/reference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "autograd/kernels/philox.h"

namespace heed::kernels {

namespace {

// ---- single elements -----------------------------------------------------------------------------------

template <class T>
T logistic(T x) {
  return 1 / (1 + std::exp(-x));
}

// Φ and φ, the distribution function and the density of the standard normal distribution.
template <class T>
T normal_cdf(T x) {
  return T(0.5) * (1 + std::erf(x * T(std::numbers::sqrt2 / 2)));
}
template <class T>
T normal_density(T x) {
  return std::exp(-x * x / 2) * T(std::numbers::inv_sqrtpi / std::numbers::sqrt2);
}

// The approximation of Φ by tanh, and its derivative.
template <class T>
T tanh_cdf(T x) {
  return T(0.5) * (1 + std::tanh(T(std::sqrt(2 / std::numbers::pi)) * (x + T(0.044715) * x * x * x)));
}
template <class T>
T tanh_density(T x) {
  const T cdf = tanh_cdf(x);
  return 2 * cdf * (1 - cdf) * T(std::sqrt(2 / std::numbers::pi)) * (1 + 3 * T(0.044715) * x * x);
}

template <class T>
T apply(Unary function, T x) {
  switch (function) {
#define UNARY(name, saved, f, slope) \
  case Unary::name:                  \
    return f;
#include "autograd/kernels/functions.inl"
  }
  return x;
}

// The derivative as a function of the saved value. `saved` becomes the name of a variable, so a
// formula with the wrong one, x or y, does not compile.
template <class T>
T slope(Unary function, T value) {
  switch (function) {
#define UNARY(name, saved, f, slope)        \
  case Unary::name: {                       \
    [[maybe_unused]] const T saved = value; \
    return slope;                           \
  }
#include "autograd/kernels/functions.inl"
  }
  return 1;
}

template <class T>
T apply(Binary function, T a, T b) {
  switch (function) {
#define BINARY(name, f) \
  case Binary::name:    \
    return f;
#include "autograd/kernels/functions.inl"
  }
  return a;
}

// ---- arrays -----------------------------------------------------------------------------------------------

template <class T>
void unary(Unary f, const T* x, T* y, index_t n) {
  for (index_t i = 0; i < n; ++i) y[i] = apply(f, x[i]);
}

template <class T>
void unary_backward(Unary f, const T* dy, const T* saved, T* dx, index_t n) {
  for (index_t i = 0; i < n; ++i)
    dx[i] = dy[i] * slope(f, unary_functions[static_cast<int>(f)].saves == Saves::nothing ? T(0) : saved[i]);
}

// The index of element i of an operand that may be a single element.
index_t index_of(Operands operands, Operands single, index_t i) { return operands == single ? 0 : i; }

template <class T>
void binary(Binary f, Operands o, const T* a, const T* b, T* y, index_t n) {
  for (index_t i = 0; i < n; ++i)
    y[i] = apply(f, a[index_of(o, Operands::a_is_one, i)], b[index_of(o, Operands::b_is_one, i)]);
}

template <class T>
void fill(T value, T* y, index_t n) {
  std::fill_n(y, n, value);
}

template <class T>
void axpby(T alpha, const T* x, T beta, T* y, index_t n) {
  for (index_t i = 0; i < n; ++i) y[i] = beta == 0 ? alpha * x[i] : alpha * x[i] + beta * y[i];
}

template <class T>
void select(Operands o, const uint8_t* mask, const T* a, const T* b, T* y, index_t n) {
  for (index_t i = 0; i < n; ++i)
    y[i] = mask[i] ? a[index_of(o, Operands::a_is_one, i)] : b[index_of(o, Operands::b_is_one, i)];
}

template <class T>
void sum_rows(const T* x, T* y, index_t rows, index_t n) {
  for (index_t r = 0; r < rows; ++r) {
    double sum = 0;
    for (index_t i = 0; i < n; ++i) sum += x[r * n + i];
    y[r] = static_cast<T>(sum);
  }
}

template <class T>
void sum_columns(const T* x, T* y, index_t rows, index_t n, bool accumulate) {
  for (index_t i = 0; i < n; ++i) {
    double sum = accumulate ? y[i] : 0;
    for (index_t r = 0; r < rows; ++r) sum += x[r * n + i];
    y[i] = static_cast<T>(sum);
  }
}

template <class T>
void max_rows(const T* x, T* y, int64_t* index, index_t rows, index_t n) {
  for (index_t r = 0; r < rows; ++r) {
    const T* row = x + r * n;
    index_t best = 0;
    for (index_t i = 1; i < n; ++i)
      if (!std::isnan(row[best]) && (row[i] > row[best] || std::isnan(row[i]))) best = i;
    y[r] = row[best];
    if (index) index[r] = best;
  }
}

// ---- rows -------------------------------------------------------------------------------------------------

// The maximum is subtracted before exp because e^1000 overflows any float. The weights do not
// change.
template <class T>
void softmax_rows(const T* x, const uint8_t* mask, T* y, index_t rows, index_t n) {
  for (index_t r = 0; r < rows; ++r) {
    const auto allowed = [&](index_t i) { return !mask || mask[r * n + i]; };
    T top = -std::numeric_limits<T>::infinity();
    double sum = 0;
    bool any = false;
    for (index_t i = 0; i < n; ++i) {
      if (!allowed(i)) continue;
      top = std::max(top, x[r * n + i]);
      any = true;
    }
    for (index_t i = 0; i < n; ++i) {
      y[r * n + i] = allowed(i) ? std::exp(x[r * n + i] - top) : T(0);
      sum += y[r * n + i];
    }
    for (index_t i = 0; i < n; ++i) y[r * n + i] = any ? y[r * n + i] / static_cast<T>(sum) : T(0);
  }
}

// Milakov, Gimelshein, "Online normalizer calculation for softmax", 2018, algorithm 3.
template <class T>
void softmax_tile(const T* x, const uint8_t* mask, T* y, T* top, T* sum, T* shrink, index_t rows, index_t n) {
  constexpr T lowest = -std::numeric_limits<T>::infinity();
  for (index_t r = 0; r < rows && n > 0; ++r) {
    const T old = top[r];
    for (index_t i = 0; i < n; ++i)
      if (!mask || mask[r * n + i]) top[r] = std::max(top[r], x[r * n + i]);
    shrink[r] = top[r] == lowest ? T(0) : std::exp(old - top[r]);
    sum[r] *= shrink[r];
    for (index_t i = 0; i < n; ++i) {
      const T score = mask && !mask[r * n + i] ? lowest : x[r * n + i];
      y[r * n + i] = score == lowest ? T(0) : std::exp(score - top[r]);
      sum[r] += y[r * n + i];
    }
  }
}

template <class T>
void softmax_tile_backward(const T* x, const T* dp, const uint8_t* mask, const T* top, const T* factor,
                           const T* dot, T* p, T* ds, index_t rows, index_t n) {
  for (index_t r = 0; r < rows; ++r)
    for (index_t i = r * n; i < (r + 1) * n; ++i) {
      const bool allowed = !mask || mask[i];
      const T weight = allowed ? std::exp(x[i] - top[r]) * factor[r] : T(0);
      ds[i] = allowed ? weight * (dp[i] - dot[r]) : T(0);
      p[i] = weight;
    }
}

template <class T>
void softmax_rows_backward(const T* dy, const T* y, T* dx, index_t rows, index_t n) {
  for (index_t r = 0; r < rows; ++r, dy += n, y += n, dx += n) {
    double dot = 0;
    for (index_t i = 0; i < n; ++i) dot += dy[i] * y[i];
    for (index_t i = 0; i < n; ++i) dx[i] = y[i] * (dy[i] - static_cast<T>(dot));
  }
}

template <class T>
void log_softmax_rows(const T* x, T* y, index_t rows, index_t n) {
  for (index_t r = 0; r < rows && n > 0; ++r, x += n, y += n) {
    const T top = *std::max_element(x, x + n);
    double sum = 0;
    for (index_t i = 0; i < n; ++i) sum += std::exp(x[i] - top);
    for (index_t i = 0; i < n; ++i) y[i] = (x[i] - top) - static_cast<T>(std::log(sum));
  }
}

template <class T>
void log_softmax_rows_backward(const T* dy, const T* y, T* dx, index_t rows, index_t n) {
  for (index_t r = 0; r < rows; ++r, dy += n, y += n, dx += n) {
    double sum = 0;
    for (index_t i = 0; i < n; ++i) sum += dy[i];
    for (index_t i = 0; i < n; ++i) dx[i] = dy[i] - std::exp(y[i]) * static_cast<T>(sum);
  }
}

// ---- norms ------------------------------------------------------------------------------------------------

template <class T>
void layer_norm(const T* x, const T* gamma, const T* beta, T eps, T* y, T* mean, T* rstd, index_t rows,
                index_t n) {
  for (index_t r = 0; r < rows; ++r, x += n, y += n) {
    double sum = 0, squares = 0;
    for (index_t i = 0; i < n; ++i) sum += x[i];
    mean[r] = static_cast<T>(sum / static_cast<double>(n));
    for (index_t i = 0; i < n; ++i) squares += (x[i] - mean[r]) * (x[i] - mean[r]);
    rstd[r] = 1 / std::sqrt(static_cast<T>(squares / static_cast<double>(n)) + eps);
    for (index_t i = 0; i < n; ++i)
      y[i] = (x[i] - mean[r]) * rstd[r] * (gamma ? gamma[i] : T(1)) + (beta ? beta[i] : T(0));
  }
}

template <class T>
void layer_norm_backward(const T* dy, const T* x, const T* gamma, const T* mean, const T* rstd, T* dx,
                         T* dgamma, T* dbeta, index_t rows, index_t n) {
  if (dgamma) std::fill_n(dgamma, n, T(0));
  if (dbeta) std::fill_n(dbeta, n, T(0));
  for (index_t r = 0; r < rows; ++r, dy += n, x += n, dx += n) {
    const auto normal = [&](index_t i) { return (x[i] - mean[r]) * rstd[r]; };
    const auto dn = [&](index_t i) { return dy[i] * (gamma ? gamma[i] : T(1)); };
    double sum_dn = 0, sum_dn_n = 0;
    for (index_t i = 0; i < n; ++i) {
      sum_dn += dn(i);
      sum_dn_n += dn(i) * normal(i);
      if (dgamma) dgamma[i] += dy[i] * normal(i);
      if (dbeta) dbeta[i] += dy[i];
    }
    const T mean_dn = static_cast<T>(sum_dn / static_cast<double>(n)),
            mean_dn_n = static_cast<T>(sum_dn_n / static_cast<double>(n));
    for (index_t i = 0; i < n; ++i) dx[i] = rstd[r] * (dn(i) - mean_dn - normal(i) * mean_dn_n);
  }
}

template <class T>
void rms_norm(const T* x, const T* gamma, T eps, T* y, T* rstd, index_t rows, index_t n) {
  for (index_t r = 0; r < rows; ++r, x += n, y += n) {
    double squares = 0;
    for (index_t i = 0; i < n; ++i) squares += x[i] * x[i];
    rstd[r] = 1 / std::sqrt(static_cast<T>(squares / static_cast<double>(n)) + eps);
    for (index_t i = 0; i < n; ++i) y[i] = x[i] * rstd[r] * (gamma ? gamma[i] : T(1));
  }
}

template <class T>
void rms_norm_backward(const T* dy, const T* x, const T* gamma, const T* rstd, T* dx, T* dgamma, index_t rows,
                       index_t n) {
  if (dgamma) std::fill_n(dgamma, n, T(0));
  for (index_t r = 0; r < rows; ++r, dy += n, x += n, dx += n) {
    double sum_dn_n = 0;
    for (index_t i = 0; i < n; ++i) {
      const T normal = x[i] * rstd[r];
      sum_dn_n += dy[i] * (gamma ? gamma[i] : T(1)) * normal;
      if (dgamma) dgamma[i] += dy[i] * normal;
    }
    const T mean_dn_n = static_cast<T>(sum_dn_n / static_cast<double>(n));
    for (index_t i = 0; i < n; ++i)
      dx[i] = rstd[r] * (dy[i] * (gamma ? gamma[i] : T(1)) - x[i] * rstd[r] * mean_dn_n);
  }
}

void keep_bits(const KeepSource& source, index_t first_word, uint64_t* words, index_t count) {
  for (index_t w = 0; w < count; ++w) {
    words[w] = 0;
    for (uint64_t bit = 0; bit < 64; ++bit) {
      const uint64_t element = static_cast<uint64_t>(first_word + w) * 64 + bit,
                     number = philox_bits(source.seed, source.stream, source.start + element / 2);
      const uint64_t half = element % 2 == 0 ? number & 0xFFFFFFFF : number >> 32;
      words[w] |= uint64_t{half >= source.threshold} << bit;
    }
  }
}

template <class T>
void drop(const uint64_t* words, index_t first, const T* x, T scale, T* y, index_t n) {
  for (index_t i = 0; i < n; ++i) {
    const index_t bit = first + i;
    y[i] = words[bit / 64] >> (bit % 64) & 1 ? x[i] * scale : T{0};
  }
}

template <class T>
void adam(const typename Kernels<T>::AdamStep& s, T* w, const T* g, T* m, T* v, index_t n) {
  const T beta1 = static_cast<T>(s.beta1), rest1 = static_cast<T>(1 - s.beta1),
          beta2 = static_cast<T>(s.beta2), rest2 = static_cast<T>(1 - s.beta2), l2 = static_cast<T>(s.l2),
          keep = static_cast<T>(1 - s.decoupled), step = static_cast<T>(s.step), eps = static_cast<T>(s.eps),
          correction = static_cast<T>(s.inv_sqrt_correction2);
  for (index_t i = 0; i < n; ++i) {
    const T gradient = g[i] + l2 * w[i];
    m[i] = beta1 * m[i] + rest1 * gradient;
    v[i] = beta2 * v[i] + rest2 * gradient * gradient;
    w[i] = w[i] * keep - step * m[i] / (std::sqrt(v[i]) * correction + eps);
  }
}

}  // namespace

template <class T>
const Kernels<T>& reference() {
  static const Kernels<T> table = {.isa = "reference",
                                   .lanes = 1,
                                   .unary = unary<T>,
                                   .unary_backward = unary_backward<T>,
                                   .binary = binary<T>,
                                   .fill = fill<T>,
                                   .axpby = axpby<T>,
                                   .select = select<T>,
                                   .sum_rows = sum_rows<T>,
                                   .sum_columns = sum_columns<T>,
                                   .max_rows = max_rows<T>,
                                   .softmax_rows = softmax_rows<T>,
                                   .softmax_tile = softmax_tile<T>,
                                   .softmax_tile_backward = softmax_tile_backward<T>,
                                   .softmax_rows_backward = softmax_rows_backward<T>,
                                   .log_softmax_rows = log_softmax_rows<T>,
                                   .log_softmax_rows_backward = log_softmax_rows_backward<T>,
                                   .layer_norm = layer_norm<T>,
                                   .layer_norm_backward = layer_norm_backward<T>,
                                   .rms_norm = rms_norm<T>,
                                   .rms_norm_backward = rms_norm_backward<T>,
                                   .adam = adam<T>,
                                   .keep_bits = keep_bits,
                                   .drop = drop<T>,
                                   .gemm = nullptr};
  return table;
}
template const Kernels<float>& reference<float>();
template const Kernels<double>& reference<double>();

template <class T>
void reference_gemm(const GemmShape& s, const T* a, const T* b, T* c) {
  for (index_t i = 0; i < s.m; ++i)
    for (index_t j = 0; j < s.n; ++j) {
      double sum = s.accumulate ? c[i * s.ldc + j] : 0;
      for (index_t p = 0; p < s.k; ++p) {
        const double x = s.transpose_a ? a[p * s.lda + i] : a[i * s.lda + p];
        const double y = s.transpose_b ? b[j * s.ldb + p] : b[p * s.ldb + j];
        sum += x * y;
      }
      c[i * s.ldc + j] = static_cast<T>(sum);
    }
}
template void reference_gemm(const GemmShape&, const float*, const float*, float*);
template void reference_gemm(const GemmShape&, const double*, const double*, double*);

}  // namespace heed::kernels
