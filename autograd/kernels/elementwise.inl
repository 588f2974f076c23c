// elementwise.inl — functions of single elements. Each is written once, for a vector. `sweep`
// applies it along an array and finishes with a partial vector.

template <class T, class F1>
INLINE void sweep(const T* x, T* y, index_t n, F1 f) {
  using V = Vec<T>;
  index_t i = 0;
  for (; i + V::lanes <= n; i += V::lanes) f(V::load(x + i)).store(y + i);
  if (i < n) f(V::load_n(x + i, static_cast<int>(n - i))).store_n(y + i, static_cast<int>(n - i));
}

template <class T, class F2>
INLINE void sweep(const T* a, const T* b, T* y, index_t n, F2 f) {
  using V = Vec<T>;
  index_t i = 0;
  for (; i + V::lanes <= n; i += V::lanes) f(V::load(a + i), V::load(b + i)).store(y + i);
  if (i < n) {
    const int rest = static_cast<int>(n - i);
    f(V::load_n(a + i, rest), V::load_n(b + i, rest)).store_n(y + i, rest);
  }
}

constexpr double inv_sqrt2 = 0.70710678118654752440;
constexpr double inv_sqrt_2pi = 0.39894228040143267794;
constexpr double sqrt_2_over_pi = 0.79788456080286535588;
constexpr double gelu_cubic = 0.044715;  // of the tanh approximation

template <class T>
void unary(Unary f, const T* x, T* y, index_t n) {
  using V = Vec<T>;
  const V zero = V::all(0), one = V::all(1), half = V::all(T(0.5));
  switch (f) {
    case Unary::none:
      return sweep(x, y, n, [](V v) INLINE_LAMBDA { return v; });
    case Unary::neg:
      return sweep(x, y, n, [](V v) INLINE_LAMBDA { return neg(v); });
    case Unary::exp:
      return sweep(x, y, n, [](V v) INLINE_LAMBDA { return exp(v); });
    case Unary::log:
      return sweep(x, y, n, [](V v) INLINE_LAMBDA { return log(v); });
    case Unary::sqrt:
      return sweep(x, y, n, [](V v) INLINE_LAMBDA { return sqrt(v); });
    case Unary::rsqrt:
      return sweep(x, y, n, [one](V v) INLINE_LAMBDA { return one / sqrt(v); });
    case Unary::abs:
      return sweep(x, y, n, [](V v) INLINE_LAMBDA { return abs(v); });
    case Unary::tanh:
      return sweep(x, y, n, [](V v) INLINE_LAMBDA { return tanh(v); });
    case Unary::sigmoid:
      return sweep(x, y, n, [](V v) INLINE_LAMBDA { return sigmoid(v); });
    case Unary::relu:  // a NaN is not less than 0, so it stays NaN
      return sweep(x, y, n, [zero](V v) INLINE_LAMBDA { return select(less(v, zero), zero, v); });
    case Unary::gelu:
      return sweep(x, y, n,
                   [=](V v) INLINE_LAMBDA { return v * half * (one + erf(v * V::all(T(inv_sqrt2)))); });
    case Unary::gelu_tanh:
      return sweep(x, y, n, [=](V v) INLINE_LAMBDA {
        const V inner = V::all(T(sqrt_2_over_pi)) * fma(V::all(T(gelu_cubic)) * v * v, v, v);
        return half * v * (one + tanh(inner));
      });
    case Unary::silu:
      return sweep(x, y, n, [](V v) INLINE_LAMBDA { return v * sigmoid(v); });
  }
}

template <class T>
void unary_backward(Unary f, const T* dy, const T* saved, T* dx, index_t n) {
  using V = Vec<T>;
  const V zero = V::all(0), one = V::all(1), half = V::all(T(0.5));
  switch (f) {
    case Unary::none:
      return sweep(dy, dx, n, [](V g) INLINE_LAMBDA { return g; });
    case Unary::neg:
      return sweep(dy, dx, n, [](V g) INLINE_LAMBDA { return neg(g); });
    case Unary::exp:
      return sweep(dy, saved, dx, n, [](V g, V y) INLINE_LAMBDA { return g * y; });
    case Unary::log:
      return sweep(dy, saved, dx, n, [](V g, V x) INLINE_LAMBDA { return g / x; });
    case Unary::sqrt:
      return sweep(dy, saved, dx, n, [half](V g, V y) INLINE_LAMBDA { return g * half / y; });
    case Unary::rsqrt:
      return sweep(dy, saved, dx, n, [half](V g, V y) INLINE_LAMBDA { return neg(g * half * y * y * y); });
    case Unary::abs:
      return sweep(dy, saved, dx, n, [=](V g, V x) INLINE_LAMBDA {
        return g * select(less(zero, x), one, select(less(x, zero), neg(one), zero));
      });
    case Unary::tanh:
      return sweep(dy, saved, dx, n, [one](V g, V y) INLINE_LAMBDA { return g * (one - y * y); });
    case Unary::sigmoid:
      return sweep(dy, saved, dx, n, [one](V g, V y) INLINE_LAMBDA { return g * y * (one - y); });
    case Unary::relu:  // the gradient passes through a NaN, as in PyTorch
      return sweep(dy, saved, dx, n, [zero](V g, V y) INLINE_LAMBDA {
        return select(less(zero, y), g, select(is_nan(y), g, zero));
      });
    case Unary::gelu:
      return sweep(dy, saved, dx, n, [=](V g, V x) INLINE_LAMBDA {
        const V cdf = half * (one + erf(x * V::all(T(inv_sqrt2))));
        const V density = V::all(T(inv_sqrt_2pi)) * exp(neg(x * x * half));
        return g * fma(x, density, cdf);
      });
    case Unary::gelu_tanh:
      return sweep(dy, saved, dx, n, [=](V g, V x) INLINE_LAMBDA {
        const V k = V::all(T(sqrt_2_over_pi)), cubic = V::all(T(gelu_cubic));
        const V t = tanh(k * fma(cubic * x * x, x, x));
        const V slope = k * fma(V::all(3) * cubic * x, x, one);
        return g * half * (one + t + x * (one - t * t) * slope);
      });
    case Unary::silu:
      return sweep(dy, saved, dx, n, [one](V g, V x) INLINE_LAMBDA {
        const V s = sigmoid(x);
        return g * s * (one + x * (one - s));
      });
  }
}

// Applies f to two operands, one of which may be a single element.
template <class T, class F2>
INLINE void pairwise(Operands operands, const T* a, const T* b, T* y, index_t n, F2 f) {
  using V = Vec<T>;
  if (n == 0) return;
  if (operands == Operands::both_rows) return sweep(a, b, y, n, f);
  if (operands == Operands::b_is_one) {
    const V one_b = V::all(*b);
    return sweep(a, y, n, [=](V v) INLINE_LAMBDA { return f(v, one_b); });
  }
  const V one_a = V::all(*a);
  return sweep(b, y, n, [=](V v) INLINE_LAMBDA { return f(one_a, v); });
}

INLINE float power(float a, float b) { return __builtin_powf(a, b); }
INLINE double power(double a, double b) { return __builtin_pow(a, b); }

template <class T>
void binary(Binary f, Operands operands, const T* a, const T* b, T* y, index_t n) {
  using V = Vec<T>;
  switch (f) {
    case Binary::add:
      return pairwise(operands, a, b, y, n, [](V p, V q) INLINE_LAMBDA { return p + q; });
    case Binary::sub:
      return pairwise(operands, a, b, y, n, [](V p, V q) INLINE_LAMBDA { return p - q; });
    case Binary::mul:
      return pairwise(operands, a, b, y, n, [](V p, V q) INLINE_LAMBDA { return p * q; });
    case Binary::div:
      return pairwise(operands, a, b, y, n, [](V p, V q) INLINE_LAMBDA { return p / q; });
    case Binary::maximum:  // NaN if either operand is NaN
      return pairwise(operands, a, b, y, n,
                      [](V p, V q) INLINE_LAMBDA { return select(is_nan(p), p, max(p, q)); });
    case Binary::minimum:
      return pairwise(operands, a, b, y, n,
                      [](V p, V q) INLINE_LAMBDA { return select(is_nan(p), p, min(p, q)); });
    case Binary::pow:
      for (index_t i = 0; i < n; ++i)
        y[i] = power(operands == Operands::a_is_one ? *a : a[i], operands == Operands::b_is_one ? *b : b[i]);
      return;
  }
}

template <class T>
void fill(T value, T* y, index_t n) {
  using V = Vec<T>;
  const V v = V::all(value);
  index_t i = 0;
  for (; i + V::lanes <= n; i += V::lanes) v.store(y + i);
  if (i < n) v.store_n(y + i, static_cast<int>(n - i));
}

template <class T>
void axpby(T alpha, const T* x, T beta, T* y, index_t n) {
  using V = Vec<T>;
  const V va = V::all(alpha), vb = V::all(beta);
  if (beta == 0) return sweep(x, y, n, [va](V v) INLINE_LAMBDA { return va * v; });
  if (beta == 1) return sweep(x, y, y, n, [va](V v, V w) INLINE_LAMBDA { return fma(va, v, w); });
  sweep(x, y, y, n, [va, vb](V v, V w) INLINE_LAMBDA { return fma(va, v, vb * w); });
}

// The compiler turns the choice into vector blends.
template <class T>
void select_by(Operands operands, const uint8_t* mask, const T* a, const T* b, T* y, index_t n) {
  if (n == 0) return;
  const index_t step_a = operands != Operands::a_is_one, step_b = operands != Operands::b_is_one;
  for (index_t i = 0; i < n; ++i) {
    const T va = a[i * step_a], vb = b[i * step_b];
    y[i] = mask[i] ? va : vb;
  }
}

template <class T>
void adam(const typename Kernels<T>::AdamStep& s, T* w, const T* g, T* m, T* v, index_t n) {
  using V = Vec<T>;
  const auto all = [](double x) INLINE_LAMBDA { return V::all(static_cast<T>(x)); };
  const V b1 = all(s.beta1), rest1 = all(1 - s.beta1), b2 = all(s.beta2), rest2 = all(1 - s.beta2),
          l2 = all(s.l2), keep = all(1 - s.decoupled), step = all(s.step), eps = all(s.eps),
          correction = all(s.inv_sqrt_correction2);
  const auto update = [&](V& wv, V gv, V& mv, V& vv) INLINE_LAMBDA {
    gv = fma(l2, wv, gv);
    mv = fma(b1, mv, rest1 * gv);
    vv = fma(b2, vv, rest2 * gv * gv);
    wv = wv * keep - step * mv / fma(sqrt(vv), correction, eps);
  };
  for (index_t i = 0; i < n; i += V::lanes) {
    const int count = n - i < V::lanes ? static_cast<int>(n - i) : V::lanes;
    V wv = V::load_n(w + i, count), mv = V::load_n(m + i, count), vv = V::load_n(v + i, count);
    update(wv, V::load_n(g + i, count), mv, vv);
    wv.store_n(w + i, count);
    mv.store_n(m + i, count);
    vv.store_n(v + i, count);
  }
}
