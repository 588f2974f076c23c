// rows.inl — reductions of rows, and the functions built on them: softmax and normalisation.
//
// Every sum is a fixed tree. In a leaf, four vectors each accumulate 8 terms per lane, and up to 16
// such sums are added one after the other. Two leaves are added as soon as both are complete, then
// two pairs, and so on, and the lanes are added last. The order depends on the length alone, and
// the error bound grows with log n, so the sum of a million equal numbers keeps its digits.

template <class T>
constexpr index_t terms_per_turn = 4 * Vec<T>::lanes;
template <class T>
constexpr index_t block_terms = 8 * terms_per_turn<T>;
template <class T>
constexpr index_t leaf_terms = 16 * block_terms<T>;

// Sums terms begin … begin + n - 1. term(i, count) returns terms i … i + count - 1, and 0 in the
// other lanes.
template <class T, class Term>
INLINE Vec<T> sum_leaf(index_t begin, index_t n, const Term& term) {
  using V = Vec<T>;
  V total[4] = {V::all(0), V::all(0), V::all(0), V::all(0)};
  const index_t stop = begin + n, whole = begin + n / terms_per_turn<T> * terms_per_turn<T>;
  index_t i = begin;
  while (i < whole) {
    const index_t end = whole - i < block_terms<T> ? whole : i + block_terms<T>;
    V s[4] = {V::all(0), V::all(0), V::all(0), V::all(0)};
    for (; i < end; i += terms_per_turn<T>)
      for (int k = 0; k < 4; ++k) s[k] = s[k] + term(i + k * V::lanes, V::lanes);
    for (int k = 0; k < 4; ++k) total[k] = total[k] + s[k];
  }
  for (int k = 0; i < stop; i += V::lanes, ++k)
    total[k] = total[k] + term(i, stop - i < V::lanes ? static_cast<int>(stop - i) : V::lanes);
  return (total[0] + total[1]) + (total[2] + total[3]);
}

// Returns the sum of terms 0 … n - 1.
template <class T, class Term>
INLINE T sum_terms(index_t n, const Term& term) {
  Vec<T> waiting[64];  // complete subtrees without a right sibling, each at least twice as large as the next
  int count = 0;
  index_t begin = 0;
  for (index_t leaf = 0; n - begin > leaf_terms<T>; ++leaf, begin += leaf_terms<T>) {
    Vec<T> sum = sum_leaf<T>(begin, leaf_terms<T>, term);
    for (index_t level = leaf; level & 1; level >>= 1) {
      --count;
      sum = waiting[count] + sum;
    }
    waiting[count] = sum;
    ++count;
  }
  Vec<T> sum = sum_leaf<T>(begin, n - begin, term);
  while (count > 0) {
    --count;
    sum = waiting[count] + sum;
  }
  return sum.sum();
}

template <class T>
INLINE Vec<T> load_some(const T* p, int count) {
  return count == Vec<T>::lanes ? Vec<T>::load(p) : Vec<T>::load_n(p, count);
}

// Sets the lanes from `count` on to 0. A function may have changed the zeros that were loaded
// there.
template <class T>
INLINE Vec<T> only(Vec<T> x, int count) {
  if (count == Vec<T>::lanes) return x;
  T lanes[Vec<T>::lanes];
  x.store(lanes);
  return Vec<T>::load_n(lanes, count);
}

template <class T>
void sum_rows(const T* x, T* y, index_t rows, index_t n) {
  for (index_t r = 0; r < rows; ++r, x += n)
    y[r] = sum_terms<T>(n, [x](index_t i, int count) INLINE_LAMBDA { return load_some(x + i, count); });
}

// Column sums are trees as well: up to 64 rows are added one after the other, more rows are split
// in two.
constexpr index_t block_rows = 64;

// The size of the first part when n > unit rows are split in two: unit times a power of two.
INLINE index_t first_part(index_t n, index_t unit) {
  index_t part = unit;
  while (part * 2 < n) part *= 2;
  return part;
}

// Sums VECTORS adjacent vectors of columns, so that each cache line is used as soon as it is
// loaded. Only the first `count` lanes of a vector are within the row.
template <class T, int VECTORS>
void sum_strip(const T* x, index_t rows, index_t n, int count, Vec<T>* total) {
  using V = Vec<T>;
  if (rows > block_rows) {
    const index_t part = first_part(rows, block_rows);
    V rest[VECTORS];
    sum_strip<T, VECTORS>(x, part, n, count, total);
    sum_strip<T, VECTORS>(x + part * n, rows - part, n, count, rest);
    for (int j = 0; j < VECTORS; ++j) total[j] = total[j] + rest[j];
    return;
  }
  V block[VECTORS];
  HEED_UNROLL(8)
  for (int j = 0; j < VECTORS; ++j) block[j] = V::all(0);
  for (index_t r = 0; r < rows; ++r) {
    HEED_UNROLL(8)
    for (int j = 0; j < VECTORS; ++j) block[j] = block[j] + load_some(x + r * n + j * V::lanes, count);
  }
  HEED_UNROLL(8)
  for (int j = 0; j < VECTORS; ++j) total[j] = block[j];
}

template <class T, int VECTORS>
void store_strip(const T* x, T* y, index_t rows, index_t n, int count, bool accumulate) {
  using V = Vec<T>;
  V total[VECTORS];
  sum_strip<T, VECTORS>(x, rows, n, count, total);
  for (int j = 0; j < VECTORS; ++j) {
    T* to = y + j * V::lanes;
    (accumulate ? V::load_n(to, count) + total[j] : total[j]).store_n(to, count);
  }
}

template <class T>
void sum_columns(const T* x, T* y, index_t rows, index_t n, bool accumulate) {
  constexpr int lanes = Vec<T>::lanes, wide = 8 * lanes, middle = 4 * lanes;
  index_t c = 0;
  for (; c + wide <= n; c += wide) store_strip<T, 8>(x + c, y + c, rows, n, lanes, accumulate);
  for (; c + middle <= n; c += middle) store_strip<T, 4>(x + c, y + c, rows, n, lanes, accumulate);
  for (; c < n; c += lanes) {
    const int count = n - c < lanes ? static_cast<int>(n - c) : lanes;
    store_strip<T, 1>(x + c, y + c, rows, n, count, accumulate);
  }
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

// Returns the largest element. It may miss a NaN, which the sum that follows propagates.
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

// Copies the scores, with -inf for masked ones. Returns whether any is not masked.
template <class T>
INLINE bool masked_scores(const T* x, const uint8_t* mask, T* y, index_t n) {
  bool any = false;
  for (index_t i = 0; i < n; ++i) {
    y[i] = mask[i] ? x[i] : -T(__builtin_inf());
    any |= mask[i] != 0;
  }
  return any;
}

// Computes y = exp(x - top) and returns the sum of y.
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

// The backward of both norms: n = (x - mean) * rstd and dx = rstd * (dn - a - n * b). RMSNorm has
// mean = 0 and a = 0.
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
