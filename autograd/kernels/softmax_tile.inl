// softmax_tile.inl — softmax over tiles of attention scores, forward and backward.
//
// Each element of a tile is read and written once, while its row is in the L1 cache.

// Computes y = exp(x - top), with top >= x, and returns the sum of y. n is the width of a tile, so
// one sum per lane is short.
template <class T>
INLINE T decay_and_sum(const T* x, Vec<T> top, T* y, index_t n) {
  using V = Vec<T>;
  V sum = V::all(0);
  index_t i = 0;
  for (; i + V::lanes <= n; i += V::lanes) {
    const V e = exp_nonpositive(V::load(x + i) - top);
    e.store(y + i);
    sum = sum + e;
  }
  if (i < n) {
    const int rest = static_cast<int>(n - i);
    exp_nonpositive(V::load_n(x + i, rest) - top).store_n(y + i, rest);
    sum = sum + V::load_n(y + i, rest);
  }
  return sum.sum();
}

// Rows of a tile are computed in groups of as many rows as a vector has lanes. The maxima of a group
// come first, so that no row waits for the maximum of the row before it.
template <class T>
void softmax_tile(const T* x, const uint8_t* mask, T* y, T* top, T* sum, T* shrink, index_t rows, index_t n) {
  using V = Vec<T>;
  if (n == 0) return;
  for (index_t first = 0; first < rows; first += V::lanes) {
    const int count = rows - first < V::lanes ? static_cast<int>(rows - first) : V::lanes;
    const T* scores = mask ? y : x;
    T values[V::lanes];  // one per row: first the largest score, then the top, then the sum
    for (index_t r = first; r < first + count; ++r) {
      if (mask) masked_scores(x + r * n, mask + r * n, y + r * n, n);
      values[r - first] = largest_of(scores + r * n, n);
    }
    const V old = V::load_n(top + first, count), here = V::load_n(values, count);
    V now = select(less(here, old), old, here);
    now.store_n(top + first, count);
    // As -inf - -inf is NaN, a row without a score above -inf needs a finite number instead.
    now = max(V::all(Exp2Range<T>::most_negative), now);
    now.store(values);
    const V factor = exp_nonpositive(old - now);
    factor.store_n(shrink + first, count);
    for (index_t r = first; r < first + count; ++r)
      values[r - first] = decay_and_sum(scores + r * n, V::all(values[r - first]), y + r * n, n);
    fma(V::load_n(sum + first, count), factor, V::load_n(values, count)).store_n(sum + first, count);
  }
}

template <class T>
void softmax_tile_backward(const T* x, const T* dp, const uint8_t* mask, const T* top, const T* factor,
                           const T* dot, T* p, T* ds, index_t rows, index_t n) {
  using V = Vec<T>;
  for (index_t r = 0; r < rows; ++r) {
    const index_t row = r * n;
    const V most = V::all(top[r]), f = V::all(factor[r]), d = V::all(dot[r]);
    const auto weight = [most, f](V score) INLINE_LAMBDA { return exp_nonpositive(score - most) * f; };
    index_t i = row;
    for (; i + V::lanes <= row + n; i += V::lanes) {
      const V w = weight(V::load(x + i));
      (w * (V::load(dp + i) - d)).store(ds + i);
      w.store(p + i);
    }
    if (i < row + n) {
      const int rest = static_cast<int>(row + n - i);
      const V w = weight(V::load_n(x + i, rest));
      (w * (V::load_n(dp + i, rest) - d)).store_n(ds + i, rest);
      w.store_n(p + i, rest);
    }
    for (i = row; mask && i < row + n; ++i) {
      p[i] = mask[i] ? p[i] : T(0);
      ds[i] = mask[i] ? ds[i] : T(0);
    }
  }
}
