// vec_avx2.h — Vec<T> with AVX2 and FMA: 8 floats or 4 doubles. vec_portable.h documents the
// operations.
//
// A partial vector is stored as a half, a quarter and an eighth, because a masked store takes 40
// micro-operations on AMD's CPUs with AVX2. A masked load is as cheap as a full one.
#include <immintrin.h>

template <class T>
struct Vec;

template <>
struct Vec<float> {
  using LaneMask = __m256;
  static constexpr int lanes = 8;
  __m256 v;
  static INLINE Vec load(const float* p) { return {_mm256_loadu_ps(p)}; }
  static INLINE Vec load_n(const float* p, int n) { return {_mm256_maskload_ps(p, first(n))}; }
  static INLINE Vec all(float x) { return {_mm256_set1_ps(x)}; }
  INLINE void store(float* p) const { _mm256_storeu_ps(p, v); }
  INLINE void store_n(float* p, int n) const {
    if (n == lanes) return store(p);
    __m128 rest = _mm256_castps256_ps128(v);
    if (n & 4) {
      _mm_storeu_ps(p, rest);
      p += 4;
      rest = _mm256_extractf128_ps(v, 1);
    }
    if (n & 2) {
      _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_castps_si128(rest));
      p += 2;
      rest = _mm_movehl_ps(rest, rest);
    }
    if (n & 1) _mm_store_ss(p, rest);
  }
  INLINE float sum() const {
    __m128 h = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    h = _mm_add_ps(h, _mm_movehl_ps(h, h));
    return _mm_cvtss_f32(_mm_add_ss(h, _mm_shuffle_ps(h, h, 1)));
  }
  INLINE float largest() const {
    __m128 h = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    h = _mm_max_ps(h, _mm_movehl_ps(h, h));
    return _mm_cvtss_f32(_mm_max_ss(h, _mm_shuffle_ps(h, h, 1)));
  }
  static INLINE __m256i first(int n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  static INLINE LaneMask lane_mask(uint64_t bits) {
    const __m256i lane = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    return _mm256_castsi256_ps(
        _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(static_cast<int>(bits)), lane), lane));
  }
};

template <>
struct Vec<double> {
  using LaneMask = __m256d;
  static constexpr int lanes = 4;
  __m256d v;
  static INLINE Vec load(const double* p) { return {_mm256_loadu_pd(p)}; }
  static INLINE Vec load_n(const double* p, int n) { return {_mm256_maskload_pd(p, first(n))}; }
  static INLINE Vec all(double x) { return {_mm256_set1_pd(x)}; }
  INLINE void store(double* p) const { _mm256_storeu_pd(p, v); }
  INLINE void store_n(double* p, int n) const {
    if (n == lanes) return store(p);
    __m128d rest = _mm256_castpd256_pd128(v);
    if (n & 2) {
      _mm_storeu_pd(p, rest);
      p += 2;
      rest = _mm256_extractf128_pd(v, 1);
    }
    if (n & 1) _mm_store_sd(p, rest);
  }
  INLINE double sum() const {
    const __m128d h = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
    return _mm_cvtsd_f64(_mm_add_sd(h, _mm_unpackhi_pd(h, h)));
  }
  INLINE double largest() const {
    const __m128d h = _mm_max_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
    return _mm_cvtsd_f64(_mm_max_sd(h, _mm_unpackhi_pd(h, h)));
  }
  static INLINE __m256i first(int n) {
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
  }
  static INLINE LaneMask lane_mask(uint64_t bits) {
    const __m256i lane = _mm256_setr_epi64x(1, 2, 4, 8);
    return _mm256_castsi256_pd(
        _mm256_cmpeq_epi64(_mm256_and_si256(_mm256_set1_epi64x(static_cast<int64_t>(bits)), lane), lane));
  }
};

using F = Vec<float>;
INLINE F operator+(F a, F b) { return {_mm256_add_ps(a.v, b.v)}; }
INLINE F operator-(F a, F b) { return {_mm256_sub_ps(a.v, b.v)}; }
INLINE F operator*(F a, F b) { return {_mm256_mul_ps(a.v, b.v)}; }
INLINE F operator/(F a, F b) { return {_mm256_div_ps(a.v, b.v)}; }
INLINE F fma(F a, F b, F c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
INLINE F sqrt(F a) { return {_mm256_sqrt_ps(a.v)}; }
INLINE F max(F a, F b) { return {_mm256_max_ps(a.v, b.v)}; }
INLINE F min(F a, F b) { return {_mm256_min_ps(a.v, b.v)}; }
INLINE F round(F a) { return {_mm256_round_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
INLINE F abs(F a) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0F), a.v)}; }
INLINE F neg(F a) { return {_mm256_xor_ps(_mm256_set1_ps(-0.0F), a.v)}; }
INLINE F::LaneMask less(F a, F b) { return _mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ); }
INLINE F::LaneMask is_nan(F a) { return _mm256_cmp_ps(a.v, a.v, _CMP_UNORD_Q); }
INLINE F select(F::LaneMask t, F a, F b) { return {_mm256_blendv_ps(b.v, a.v, t)}; }
INLINE F zip_low(F a, F b) {
  return {_mm256_permute2f128_ps(_mm256_unpacklo_ps(a.v, b.v), _mm256_unpackhi_ps(a.v, b.v), 0x20)};
}
INLINE F zip_high(F a, F b) {
  return {_mm256_permute2f128_ps(_mm256_unpacklo_ps(a.v, b.v), _mm256_unpackhi_ps(a.v, b.v), 0x31)};
}
INLINE F pow2(F n) {
  return {_mm256_castsi256_ps(
      _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n.v), _mm256_set1_epi32(127)), 23))};
}
INLINE F shift_to_exponent(F a) {
  return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(a.v), 23))};
}

typedef uint64_t Words __attribute__((vector_size(32)));
INLINE Words multiply_low(Words a, Words b) {
  return reinterpret_cast<Words>(
      _mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
}

using D = Vec<double>;
INLINE D operator+(D a, D b) { return {_mm256_add_pd(a.v, b.v)}; }
INLINE D operator-(D a, D b) { return {_mm256_sub_pd(a.v, b.v)}; }
INLINE D operator*(D a, D b) { return {_mm256_mul_pd(a.v, b.v)}; }
INLINE D operator/(D a, D b) { return {_mm256_div_pd(a.v, b.v)}; }
INLINE D fma(D a, D b, D c) { return {_mm256_fmadd_pd(a.v, b.v, c.v)}; }
INLINE D sqrt(D a) { return {_mm256_sqrt_pd(a.v)}; }
INLINE D max(D a, D b) { return {_mm256_max_pd(a.v, b.v)}; }
INLINE D min(D a, D b) { return {_mm256_min_pd(a.v, b.v)}; }
INLINE D round(D a) { return {_mm256_round_pd(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
INLINE D abs(D a) { return {_mm256_andnot_pd(_mm256_set1_pd(-0.0), a.v)}; }
INLINE D neg(D a) { return {_mm256_xor_pd(_mm256_set1_pd(-0.0), a.v)}; }
INLINE D::LaneMask less(D a, D b) { return _mm256_cmp_pd(a.v, b.v, _CMP_LT_OQ); }
INLINE D::LaneMask is_nan(D a) { return _mm256_cmp_pd(a.v, a.v, _CMP_UNORD_Q); }
INLINE D select(D::LaneMask t, D a, D b) { return {_mm256_blendv_pd(b.v, a.v, t)}; }
INLINE D zip_low(D a, D b) {
  return {_mm256_permute2f128_pd(_mm256_unpacklo_pd(a.v, b.v), _mm256_unpackhi_pd(a.v, b.v), 0x20)};
}
INLINE D zip_high(D a, D b) {
  return {_mm256_permute2f128_pd(_mm256_unpacklo_pd(a.v, b.v), _mm256_unpackhi_pd(a.v, b.v), 0x31)};
}
INLINE D pow2(D n) {
  const __m256i exponent = _mm256_cvtepi32_epi64(_mm256_cvtpd_epi32(n.v));
  return {_mm256_castsi256_pd(_mm256_slli_epi64(_mm256_add_epi64(exponent, _mm256_set1_epi64x(1023)), 52))};
}
INLINE D shift_to_exponent(D a) {
  return {_mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(a.v), 52))};
}
