// rows.inl — reductions of rows, and the functions built on them: softmax and the norms.
//
// A row is summed by four vectors in turn, which are then added as ((0 + 1) + (2 + 3)): the order depends on
// the length alone, and the error grows with n / (4 lanes) instead of n.

template <class T, class Term>
INLINE T sum_terms(index_t n,
                   Term term) {  // term(i, count): the lanes of elements i … i + count - 1, the rest 0
  using V = Vec<T>;
  V s[4] = {V::all(0), V::all(0), V::all(0), V::all(0)};
  index_t i = 0;
  for (; i + 4 * V::lanes <= n; i += 4 * V::lanes)
    for (int k = 0; k < 4; ++k) s[k] = s[k] + term(i + k * V::lanes, V::lanes);
  for (int k = 0; i < n; i += V::lanes, ++k)
    s[k] = s[k] + term(i, n - i < V::lanes ? static_cast<int>(n - i) : V::lanes);
  return ((s[0] + s[1]) + (s[2] + s[3])).sum();
}

template <class T>
INLINE Vec<T> load_some(const T* p, int count) {
  return count == Vec<T>::lanes ? Vec<T>::load(p) : Vec<T>::load_n(p, count);
}

// Lanes beyond `count` as 0, whatever a function made of the zeros that were loaded there.
template <class T>
INLINE Vec<T> only(Vec<T> x, int count) {
  if (count == Vec<T>::lanes) return x;
  T lanes[Vec<T>::lanes];
  x.store(lanes);
  return Vec<T>::load_n(lanes, count);
}

// Long rows are summed in blocks, and the blocks' sums pairwise, so that even a million equal
// numbers keep their digits.
constexpr index_t sum_block = 256;
template <class T>
T sum_row(const T* x, index_t n) {
  if (n <= sum_block)
    return sum_terms<T>(n, [x](index_t i, int count) INLINE_LAMBDA { return load_some(x + i, count); });
  index_t half = sum_block;
  while (half * 2 < n) half *= 2;
  return sum_row(x, half) + sum_row(x + half, n - half);
}

template <class T>
void sum_rows(const T* x, T* y, index_t rows, index_t n) {
  for (index_t r = 0; r < rows; ++r) y[r] = n ? sum_row(x + r * n, n) : T(0);
}

// Sums of VECTORS vectors of columns, side by side: several, so that what a row brings into the cache is used at once. `count`
// of their lanes exist.
template <class T, int VECTORS>
INLINE void sum_strip(const T* x, T* y, index_t rows, index_t n, int count, bool accumulate) {
  using V = Vec<T>;
  V total[VECTORS];
  UNROLL(8)
  for (int j = 0; j < VECTORS; ++j) total[j] = accumulate ? V::load_n(y + j * V::lanes, count) : V::all(0);
  for (index_t r0 = 0; r0 < rows; r0 += 64) {
    const index_t stop = r0 + 64 < rows ? r0 + 64 : rows;
    V block[VECTORS];
    UNROLL(8)
    for (int j = 0; j < VECTORS; ++j) block[j] = V::all(0);
    for (index_t r = r0; r < stop; ++r) {
      UNROLL(8)
      for (int j = 0; j < VECTORS; ++j) block[j] = block[j] + load_some(x + r * n + j * V::lanes, count);
    }
    UNROLL(8)
    for (int j = 0; j < VECTORS; ++j) total[j] = total[j] + block[j];
  }
  UNROLL(8)
  for (int j = 0; j < VECTORS; ++j) total[j].store_n(y + j * V::lanes, count);
}

// Column sums: rows are added one after the other in blocks of 64, and the blocks to the total.
template <class T>
void sum_columns(const T* x, T* y, index_t rows, index_t n, bool accumulate) {
  constexpr int lanes = Vec<T>::lanes, wide = 8 * lanes;
  index_t c = 0;
  for (; c + wide <= n; c += wide) sum_strip<T, 8>(x + c, y + c, rows, n, lanes, accumulate);
  for (; c < n; c += lanes)
    sum_strip<T, 1>(x + c, y + c, rows, n, n - c < lanes ? static_cast<int>(n - c) : lanes, accumulate);
}

template <class T>
void max_rows(const T* x, T* y, int64_t* index, index_t rows, index_t n) {
  for (index_t r = 0; r < rows; ++r, x += n) {
    index_t best = 0;
    for (index_t i = 1; i < n && !__builtin_isnan(x[best]); ++i)
      if (x[i] > x[best] || __builtin_isnan(x[i])) best = i;
    y[r] = x[best];
    if (index) index[r] = best;
  }
}

// The largest element; NaN may or may not be noticed (the sums that follow do).
template <class T>
INLINE T largest_of(const T* x, index_t n) {
  using V = Vec<T>;
  if (n < V::lanes) {
    T m = x[0];
    for (index_t i = 1; i < n; ++i) m = x[i] > m ? x[i] : m;
    return m;
  }
  V m = V::load(x);
  for (index_t i = V::lanes; i + V::lanes <= n; i += V::lanes) m = max(m, V::load(x + i));
  return max(m, V::load(x + n - V::lanes)).largest();
}

// Scores as they are, hidden ones as minus infinity. Returns whether any may be attended.
template <class T>
INLINE bool masked_scores(const T* x, const uint8_t* mask, T* y, index_t n) {
  bool any = false;
  for (index_t i = 0; i < n; ++i) {
    y[i] = mask[i] ? x[i] : -T(__builtin_inf());
    any |= mask[i] != 0;
  }
  return any;
}

// y = exp(x - top), and the sum of it.
template <class T>
INLINE T exp_and_sum(const T* x, Vec<T> top, T* y, index_t n) {
  return sum_terms<T>(n, [=](index_t i, int count) INLINE_LAMBDA {
    const Vec<T> e = exp(load_some(x + i, count) - top);
    e.store_n(y + i, count);
    return only(e, count);
  });
}

template <class T>
void softmax_rows(const T* x, const uint8_t* mask, T* y, index_t rows, index_t n) {
  using V = Vec<T>;
  if (n == 0) return;
  for (index_t r = 0; r < rows; ++r, x += n, y += n) {
    const T* scores = x;
    if (mask) {
      const bool any = masked_scores(x, mask + r * n, y, n);
      scores = y;
      if (!any) {
        for (index_t i = 0; i < n; ++i) y[i] = 0;
        continue;
      }
    }
    const V sum = V::all(exp_and_sum(scores, V::all(largest_of(scores, n)), y, n));
    sweep(y, y, n, [sum](V e) INLINE_LAMBDA { return e / sum; });
  }
}

template <class T>
void softmax_tile(const T* x, const uint8_t* mask, T* y, T* top, T* sum, T* shrink, index_t rows, index_t n) {
  using V = Vec<T>;
  constexpr T lowest = -T(__builtin_inf());
  if (n == 0) return;
  for (index_t r = 0; r < rows; ++r, x += n, y += n) {
    if (mask) masked_scores(x, mask + r * n, y, n);
    const T* scores = mask ? y : x;
    const T here = largest_of(scores, n), old = top[r];
    if (here == lowest) {  // nothing to see, or NaN, which largest_of passes over
      for (index_t i = 0; i < n; ++i) sum[r] += y[i] = scores[i] == lowest ? T(0) : scores[i];
      shrink[r] = 1;
      continue;
    }
    if (!(old > here)) top[r] = here;
    const V most = V::all(top[r]);
    shrink[r] = exp(V::all(old) - most).largest();
    sum[r] = sum[r] * shrink[r] + exp_and_sum(scores, most, y, n);
  }
}

template <class T>
void exp_tile(const T* x, const uint8_t* mask, const T* top, const T* factor, T* y, index_t rows, index_t n) {
  using V = Vec<T>;
  for (index_t r = 0; r < rows; ++r, x += n, y += n) {
    const V most = V::all(top[r]), f = V::all(factor[r]);
    sweep(x, y, n, [most, f](V v) INLINE_LAMBDA { return exp(v - most) * f; });
    for (index_t i = 0; mask && i < n; ++i) y[i] = mask[r * n + i] ? y[i] : T(0);
  }
}

template <class T>
void softmax_rows_backward(const T* dy, const T* y, T* dx, index_t rows, index_t n) {
  using V = Vec<T>;
  for (index_t r = 0; r < rows; ++r, dy += n, y += n, dx += n) {
    const V dot = V::all(sum_terms<T>(n, [=](index_t i, int count) INLINE_LAMBDA {
      return load_some(dy + i, count) * load_some(y + i, count);
    }));
    sweep(dy, y, dx, n, [dot](V g, V p) INLINE_LAMBDA { return p * (g - dot); });
  }
}

INLINE float log_of(float x) { return __builtin_logf(x); }
INLINE double log_of(double x) { return __builtin_log(x); }

template <class T>
void log_softmax_rows(const T* x, T* y, index_t rows, index_t n) {
  using V = Vec<T>;
  if (n == 0) return;
  for (index_t r = 0; r < rows; ++r, x += n, y += n) {
    const T m = largest_of(x, n);
    const V top = V::all(m);
    const T total = sum_terms<T>(n, [=](index_t i, int count) INLINE_LAMBDA {
      return only(exp(load_some(x + i, count) - top), count);
    });
    const V shift = V::all(log_of(total));
    sweep(x, y, n, [top, shift](V v) INLINE_LAMBDA { return (v - top) - shift; });
  }
}

template <class T>
void log_softmax_rows_backward(const T* dy, const T* y, T* dx, index_t rows, index_t n) {
  using V = Vec<T>;
  for (index_t r = 0; r < rows; ++r, dy += n, y += n, dx += n) {
    const V total = V::all(
        sum_terms<T>(n, [dy](index_t i, int count) INLINE_LAMBDA { return load_some(dy + i, count); }));
    sweep(dy, y, dx, n, [total](V g, V log_p) INLINE_LAMBDA { return g - exp(log_p) * total; });
  }
}

INLINE float sqrt_of(float x) { return __builtin_sqrtf(x); }
INLINE double sqrt_of(double x) { return __builtin_sqrt(x); }

template <class T>
void layer_norm(const T* x, const T* gamma, const T* beta, T eps, T* y, T* mean, T* rstd, index_t rows,
                index_t n) {
  using V = Vec<T>;
  for (index_t r = 0; r < rows; ++r, x += n, y += n) {
    mean[r] =
        sum_terms<T>(n, [x](index_t i, int count) INLINE_LAMBDA { return load_some(x + i, count); }) / T(n);
    const V m = V::all(mean[r]);
    const T variance = sum_terms<T>(n,
                                    [=](index_t i, int count) INLINE_LAMBDA {
                                      const V d = only(load_some(x + i, count) - m, count);
                                      return d * d;
                                    }) /
                       T(n);
    rstd[r] = 1 / sqrt_of(variance + eps);
    const V s = V::all(rstd[r]);
    for (index_t i = 0; i < n; i += V::lanes) {
      const int count = n - i < V::lanes ? static_cast<int>(n - i) : V::lanes;
      V v = (load_some(x + i, count) - m) * s;
      if (gamma) v = v * load_some(gamma + i, count);
      if (beta) v = v + load_some(beta + i, count);
      v.store_n(y + i, count);
    }
  }
}

// Both norms' backward: n = (x - mean) * rstd, and dx = rstd * (dn - a - n * b).
// RMSNorm has mean = 0 and a = 0.
template <class T>
INLINE void norm_backward(const T* dy, const T* x, const T* gamma, const T* mean, const T* rstd, T* dx,
                          T* dgamma, T* dbeta, index_t rows, index_t n) {
  using V = Vec<T>;
  for (index_t i = 0; i < n && dgamma; ++i) dgamma[i] = 0;
  for (index_t i = 0; i < n && dbeta; ++i) dbeta[i] = 0;
  for (index_t r = 0; r < rows; ++r, dy += n, x += n, dx += n) {
    const V m = V::all(mean ? mean[r] : 0), s = V::all(rstd[r]);
    const auto scaled = [=](index_t i, int count) INLINE_LAMBDA {  // dn
      const V g = load_some(dy + i, count);
      return gamma ? g * load_some(gamma + i, count) : g;
    };
    const auto normal = [=](index_t i, int count) INLINE_LAMBDA { return (load_some(x + i, count) - m) * s; };
    const T count_all = T(n);
    const V a = V::all(mean ? sum_terms<T>(n, scaled) / count_all : 0);
    const V b = V::all(sum_terms<T>(n, [=](index_t i, int count)
                                           INLINE_LAMBDA { return scaled(i, count) * normal(i, count); }) /
                       count_all);
    for (index_t i = 0; i < n; i += V::lanes) {
      const int count = n - i < V::lanes ? static_cast<int>(n - i) : V::lanes;
      const V g = load_some(dy + i, count), nv = normal(i, count);
      if (dgamma) fma(g, nv, load_some(dgamma + i, count)).store_n(dgamma + i, count);
      if (dbeta) (load_some(dbeta + i, count) + g).store_n(dbeta + i, count);
      (s * (scaled(i, count) - a - nv * b)).store_n(dx + i, count);
    }
  }
}

template <class T>
void layer_norm_backward(const T* dy, const T* x, const T* gamma, const T* mean, const T* rstd, T* dx,
                         T* dgamma, T* dbeta, index_t rows, index_t n) {
  norm_backward(dy, x, gamma, mean, rstd, dx, dgamma, dbeta, rows, n);
}

template <class T>
void rms_norm(const T* x, const T* gamma, T eps, T* y, T* rstd, index_t rows, index_t n) {
  using V = Vec<T>;
  for (index_t r = 0; r < rows; ++r, x += n, y += n) {
    const T squares = sum_terms<T>(n, [x](index_t i, int count) INLINE_LAMBDA {
      const V v = load_some(x + i, count);
      return v * v;
    });
    rstd[r] = 1 / sqrt_of(squares / T(n) + eps);
    const V s = V::all(rstd[r]);
    for (index_t i = 0; i < n; i += V::lanes) {
      const int count = n - i < V::lanes ? static_cast<int>(n - i) : V::lanes;
      V v = load_some(x + i, count) * s;
      if (gamma) v = v * load_some(gamma + i, count);
      v.store_n(y + i, count);
    }
  }
}

template <class T>
void rms_norm_backward(const T* dy, const T* x, const T* gamma, const T* rstd, T* dx, T* dgamma, index_t rows,
                       index_t n) {
  norm_backward<T>(dy, x, gamma, nullptr, rstd, dx, dgamma, nullptr, rows, n);
}
