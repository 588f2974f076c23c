// math.inl — exp, tanh, log and erf of a whole vector, built from the operations of Vec<T>.

// The number of Taylor terms of e^r that give the full precision of each type for |r| <= ln 2 / 2,
// and the range outside of which e^x underflows or overflows.
template <class T>
struct ExpRange;
template <>
struct ExpRange<float> {
  static constexpr int terms = 8;
  static constexpr float low = -104.0F, high = 89.0F;
  // ln2_high has few bits, so that n * ln2_high is exact.
  static constexpr float ln2_high = 0.693359375F, ln2_low = -2.12194440e-4F;
};
template <>
struct ExpRange<double> {
  static constexpr int terms = 14;
  static constexpr double low = -746.0, high = 710.0;
  static constexpr double ln2_high = 0.693145751953125, ln2_low = 1.42860682030941723212e-6;
};

// x = n ln 2 + r, so e^x = 2^n (1 + m) with m = e^r - 1 by its series. Keeping the 1 apart keeps m
// exact for small x.
template <class T>
struct Split {
  Vec<T> n, m;
};
template <class T>
INLINE Split<T> split_exp(Vec<T> x) {
  using V = Vec<T>;
  using Range = ExpRange<T>;
  x = min(max(x, V::all(Range::low)), V::all(Range::high));
  const V n = round(x * V::all(T(1.4426950408889634)));
  const V r = fma(n, V::all(-Range::ln2_low), fma(n, V::all(-Range::ln2_high), x));
  T coefficient = 1;  // 1/k!, folded at compile time
  T factorials[Range::terms + 1];
  for (int k = 1; k <= Range::terms; ++k) {
    coefficient /= T(k);
    factorials[k] = coefficient;
  }
  V m = V::all(factorials[Range::terms]);
  for (int k = Range::terms - 1; k >= 2; --k) m = fma(m, r, V::all(factorials[k]));
  return {n, fma(m * r, r, r)};
}

// x * 2^n, scaled in two steps: 2^n alone may be out of range although the result is not.
template <class T>
INLINE Vec<T> scale(Vec<T> x, Vec<T> n) {
  using V = Vec<T>;
  const V half = round(n * V::all(T(0.5)));
  return x * pow2(half) * pow2(n - half);
}

template <class T>
INLINE Vec<T> exp(Vec<T> x) {
  const Split<T> s = split_exp(x);
  return select(is_nan(x), x, scale(Vec<T>::all(1) + s.m, s.n));
}

// Constants of exp_nonpositive():
//   series         2^f = sum(series[k] * f^k) for |f| <= 1/2
//   rounder        a number whose last bit counts ones, so that its addition rounds to an integer,
//                  plus the bias of exponents
//   lowest         the integer n for which n + bias is 0, the exponent of the number 0
//   most_negative  the lowest finite number
template <class T>
struct Exp2Range;
template <>
struct Exp2Range<float> {
  static constexpr int terms = 6;
  // The polynomial of least relative error, 2e-9.
  static constexpr float series[terms + 1] = {
      1.0F, 0.6931472057F, 0.2402264689F, 0.05550328777F, 0.009618488957F, 0.00133999312F, 0.00015345812F};
  static constexpr float lowest = -127.0F, rounder = 0x1.8p23F + 127.0F, most_negative = -__FLT_MAX__;
};
template <>
struct Exp2Range<double> {
  static constexpr int terms = 13;
  // Taylor: (ln 2)^k / k!
  static constexpr double series[terms + 1] = {1.0,
                                               0.69314718055994530942,
                                               0.24022650695910071233,
                                               0.055504108664821579953,
                                               0.0096181291076284771620,
                                               0.0013333558146428443423,
                                               0.00015403530393381609954,
                                               1.5252733804059840280e-5,
                                               1.3215486790144309489e-6,
                                               1.0178086009239699728e-7,
                                               7.0549116208011233299e-9,
                                               4.4455382718708114976e-10,
                                               2.5678435993488205142e-11,
                                               1.3691488853904128881e-12};
  static constexpr double lowest = -1023.0, rounder = 0x1.8p52 + 1023.0, most_negative = -__DBL_MAX__;
};

// e^x for x <= 0, in half as many instructions as exp(). It is 0 if e^x is below the smallest normal
// number. The absolute error is at most 2 ulp of 1. x = (n + f) ln 2, so e^x = 2^n * 2^f. After the
// addition of `rounder`, the lowest bits are n + bias, which are shifted to become the exponent of
// 2^n.
template <class T>
INLINE Vec<T> exp_nonpositive(Vec<T> x) {
  using V = Vec<T>;
  using Range = Exp2Range<T>;
  x = max(V::all(Range::lowest), x * V::all(T(1.4426950408889634)));  // keeps a NaN
  const V rounded = x + V::all(Range::rounder);
  const V f = x - (rounded - V::all(Range::rounder));
  V e = V::all(Range::series[Range::terms]);
  for (int k = Range::terms - 1; k >= 0; --k) e = fma(e, f, V::all(Range::series[k]));
  return e * shift_to_exponent(rounded);
}

// e^x - 1, precise for small x.
template <class T>
INLINE Vec<T> expm1(Vec<T> x) {
  const Split<T> s = split_exp(x);
  return scale(s.m, s.n) + (scale(Vec<T>::all(1), s.n) - Vec<T>::all(1));
}

// tanh x = (e^2x - 1) / (e^2x + 1). It rounds to 1 for |x| > 20.
template <class T>
INLINE Vec<T> tanh(Vec<T> x) {
  using V = Vec<T>;
  const V limit = V::all(20);
  const V e = expm1(min(max(x, neg(limit)), limit) * V::all(2));
  return select(is_nan(x), x, e / (e + V::all(2)));
}

// 1 / (1 + e^-x). For very negative x the exponential is inf and the result is 0, as it should be.
template <class T>
INLINE Vec<T> sigmoid(Vec<T> x) {
  return Vec<T>::all(1) / (Vec<T>::all(1) + exp(neg(x)));
}

// Applies a C function lane by lane, for functions that no hot loop calls.
template <class T, class Function>
INLINE Vec<T> lanewise(Vec<T> x, Function f) {
  T lanes[Vec<T>::lanes];
  x.store(lanes);
  for (int i = 0; i < Vec<T>::lanes; ++i) lanes[i] = f(lanes[i]);
  return Vec<T>::load(lanes);
}
INLINE Vec<float> log(Vec<float> x) {
  return lanewise(x, [](float v) { return __builtin_logf(v); });
}
INLINE Vec<double> log(Vec<double> x) {
  return lanewise(x, [](double v) { return __builtin_log(v); });
}

// erf: formula 7.1.26 of Abramowitz and Stegun for float, whose absolute error of 1.5e-7 is about
// float's rounding error. The C library's erf for double.
INLINE Vec<float> erf(Vec<float> x) {
  using V = Vec<float>;
  const V a = abs(x), t = V::all(1) / fma(V::all(0.3275911F), a, V::all(1));
  V p = fma(V::all(1.061405429F), t, V::all(-1.453152027F));
  p = fma(p, t, V::all(1.421413741F));
  p = fma(p, t, V::all(-0.284496736F));
  p = fma(p, t, V::all(0.254829592F));
  const V y = V::all(1) - p * t * exp(neg(a * a));
  return select(less(x, V::all(0)), neg(y), y);
}
INLINE Vec<double> erf(Vec<double> x) {
  return lanewise(x, [](double v) { return __builtin_erf(v); });
}
