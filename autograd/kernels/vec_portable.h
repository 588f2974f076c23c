// vec_portable.h — Vec<T> for any CPU: 16 bytes, with the compiler's vector extensions. Read this
// file first: the files for AVX2, AVX-512 and NEON implement the same operations with the
// instructions of their CPU.
//
//   load, load_n      all lanes, or the first n lanes (0 <= n <= lanes) and 0 in the others; never
//                     reads beyond them
//   store, store_n    likewise
//   all(x)            x in every lane
//   fma(a, b, c)      a * b + c, rounded once if the CPU supports it
//   max, min          as the CPU's instructions: b if either is NaN
//   round             to the nearest integer, ties to even
//   less, is_nan      a boolean per lane (LaneMask), for select(mask, a, b) = mask ? a : b
//   lane_mask(bits)   the LaneMask whose lane i is bit i
//   zip_low(a, b)     a0, b0, a1, b1, …: interleaves the first halves of a and b
//   zip_high(a, b)    interleaves the second halves
//   pow2(n)           2^n for an integer n in the range of exponents
//   shift_to_exponent(a)  the lowest bits of a's mantissa become sign and exponent, followed by zeros
//   sum, largest      over the lanes, in a fixed order
//
//   Words             64-bit integers, with the compiler's + & | ^ << >>
//   multiply_low      the products of the low halves of the lanes
//
// Vectors of 16 lanes also have operations on their quarters, which vec_avx512.h documents.
#include <string.h>

template <class T>
struct Vec;

template <class T, class Int>
struct PortableVec {
  typedef T Data __attribute__((vector_size(16)));
  typedef Int LaneMask __attribute__((vector_size(16)));
  static constexpr int lanes = 16 / sizeof(T);
  Data v;
  static INLINE LaneMask lane_mask(uint64_t bits) {
    LaneMask t;
    for (int i = 0; i < lanes; ++i) t[i] = -static_cast<Int>(bits >> i & 1);
    return t;
  }
  INLINE T sum() const {
    T half[lanes / 2];
    for (int i = 0; i < lanes / 2; ++i) half[i] = v[i] + v[i + lanes / 2];
    return lanes == 4 ? half[0] + half[lanes / 2 - 1] : half[0];
  }
  INLINE T largest() const {
    T m = v[0];
    for (int i = 1; i < lanes; ++i) m = m > v[i] ? m : v[i];
    return m;
  }
};

template <>
struct Vec<float> : PortableVec<float, int32_t> {
  static INLINE Vec of(Data d) {
    Vec r;
    r.v = d;
    return r;
  }
  static INLINE Vec load_n(const float* p, int n) {
    Vec r = all(0);
    memcpy(&r.v, p, static_cast<size_t>(n) * sizeof(float));
    return r;
  }
  static INLINE Vec load(const float* p) {
    Vec r;
    memcpy(&r.v, p, sizeof r.v);
    return r;
  }
  static INLINE Vec all(float x) { return of(Data{x, x, x, x}); }
  INLINE void store(float* p) const { memcpy(p, &v, sizeof v); }
  INLINE void store_n(float* p, int n) const { memcpy(p, &v, static_cast<size_t>(n) * sizeof(float)); }
};

template <>
struct Vec<double> : PortableVec<double, int64_t> {
  static INLINE Vec of(Data d) {
    Vec r;
    r.v = d;
    return r;
  }
  static INLINE Vec load_n(const double* p, int n) {
    Vec r = all(0);
    memcpy(&r.v, p, static_cast<size_t>(n) * sizeof(double));
    return r;
  }
  static INLINE Vec load(const double* p) {
    Vec r;
    memcpy(&r.v, p, sizeof r.v);
    return r;
  }
  static INLINE Vec all(double x) { return of(Data{x, x}); }
  INLINE void store(double* p) const { memcpy(p, &v, sizeof v); }
  INLINE void store_n(double* p, int n) const { memcpy(p, &v, static_cast<size_t>(n) * sizeof(double)); }
};

template <class V>
concept AnyVec = requires(V a) {
  a.lanes;
};

template <AnyVec V>
INLINE V operator+(V a, V b) {
  return V::of(a.v + b.v);
}
template <AnyVec V>
INLINE V operator-(V a, V b) {
  return V::of(a.v - b.v);
}
template <AnyVec V>
INLINE V operator*(V a, V b) {
  return V::of(a.v * b.v);
}
template <AnyVec V>
INLINE V operator/(V a, V b) {
  return V::of(a.v / b.v);
}
template <AnyVec V>
INLINE V fma(V a, V b, V c) {
  return V::of(a.v * b.v + c.v);
}
template <AnyVec V>
INLINE V select(typename V::LaneMask t, V a, V b) {
  const typename V::LaneMask bits_a = __builtin_bit_cast(typename V::LaneMask, a.v),
                             bits_b = __builtin_bit_cast(typename V::LaneMask, b.v);
  return V::of(__builtin_bit_cast(typename V::Data, (bits_a & t) | (bits_b & ~t)));
}
template <AnyVec V>
INLINE typename V::LaneMask less(V a, V b) {
  return a.v < b.v;
}
template <AnyVec V>
INLINE typename V::LaneMask is_nan(V a) {
  return a.v != a.v;
}
template <AnyVec V>
INLINE V max(V a, V b) {
  return select(less(b, a), a, b);
}
template <AnyVec V>
INLINE V min(V a, V b) {
  return select(less(a, b), a, b);
}
template <AnyVec V>
INLINE V neg(V a) {
  return V::of(-a.v);
}
template <AnyVec V>
INLINE V abs(V a) {
  return select(less(a, V::all(0)), neg(a), a + V::all(0));
}
template <AnyVec V>
INLINE V sqrt(V a) {
  for (int i = 0; i < V::lanes; ++i) a.v[i] = static_cast<decltype(a.v[i] + 0)>(__builtin_sqrt(a.v[i]));
  return a;
}
template <AnyVec V>
INLINE V round(V a) {
  for (int i = 0; i < V::lanes; ++i) a.v[i] = static_cast<decltype(a.v[i] + 0)>(__builtin_rint(a.v[i]));
  return a;
}
// Selects lanes of a and b by index. The lanes of b follow those of a. g++ 11 has only the older
// builtin.
#if defined(__clang__) || __GNUC__ >= 12
#define HEED_LANES(a, b, ...) V::of(__builtin_shufflevector(a.v, b.v, __VA_ARGS__))
#else
#define HEED_LANES(a, b, ...) V::of(__builtin_shuffle(a.v, b.v, typename V::LaneMask{__VA_ARGS__}))
#endif
template <AnyVec V>
INLINE V zip_low(V a, V b) {
  if constexpr (V::lanes == 4)
    return HEED_LANES(a, b, 0, 4, 1, 5);
  else
    return HEED_LANES(a, b, 0, 2);
}
template <AnyVec V>
INLINE V zip_high(V a, V b) {
  if constexpr (V::lanes == 4)
    return HEED_LANES(a, b, 2, 6, 3, 7);
  else
    return HEED_LANES(a, b, 1, 3);
}
#undef HEED_LANES
template <AnyVec V>
INLINE V pow2(V n) {
  constexpr int mantissa = sizeof(n.v[0]) == 4 ? 23 : 52, bias = sizeof(n.v[0]) == 4 ? 127 : 1023;
  return V::of(__builtin_bit_cast(typename V::Data,
                                  (__builtin_convertvector(n.v, typename V::LaneMask) + bias) << mantissa));
}
template <AnyVec V>
INLINE V shift_to_exponent(V a) {
  constexpr int mantissa = sizeof(a.v[0]) == 4 ? 23 : 52;
  return V::of(
      __builtin_bit_cast(typename V::Data, __builtin_bit_cast(typename V::LaneMask, a.v) << mantissa));
}

typedef uint64_t Words __attribute__((vector_size(16)));
INLINE Words multiply_low(Words a, Words b) {
  constexpr uint64_t low = 0xFFFFFFFF;
  return (a & low) * (b & low);
}
