// vec_avx512.h — Vec<T> with AVX-512: 16 floats or 8 doubles. vec_portable.h documents the
// operations.
#include <immintrin.h>

template <class T>
struct Vec;

template <>
struct Vec<float> {
  using LaneMask = __mmask16;
  static constexpr int lanes = 16;
  __m512 v;
  static INLINE Vec load(const float* p) { return {_mm512_loadu_ps(p)}; }
  static INLINE Vec load_n(const float* p, int n) { return {_mm512_maskz_loadu_ps(first(n), p)}; }
  static INLINE Vec all(float x) { return {_mm512_set1_ps(x)}; }
  INLINE void store(float* p) const { _mm512_storeu_ps(p, v); }
  INLINE void store_n(float* p, int n) const { _mm512_mask_storeu_ps(p, first(n), v); }
  INLINE float sum() const { return _mm512_reduce_add_ps(v); }
  INLINE float largest() const { return _mm512_reduce_max_ps(v); }
  static INLINE LaneMask first(int n) { return static_cast<LaneMask>((1U << n) - 1U); }
  static INLINE LaneMask lane_mask(uint64_t bits) { return static_cast<LaneMask>(bits); }
};

template <>
struct Vec<double> {
  using LaneMask = __mmask8;
  static constexpr int lanes = 8;
  __m512d v;
  static INLINE Vec load(const double* p) { return {_mm512_loadu_pd(p)}; }
  static INLINE Vec load_n(const double* p, int n) { return {_mm512_maskz_loadu_pd(first(n), p)}; }
  static INLINE Vec all(double x) { return {_mm512_set1_pd(x)}; }
  INLINE void store(double* p) const { _mm512_storeu_pd(p, v); }
  INLINE void store_n(double* p, int n) const { _mm512_mask_storeu_pd(p, first(n), v); }
  INLINE double sum() const { return _mm512_reduce_add_pd(v); }
  INLINE double largest() const { return _mm512_reduce_max_pd(v); }
  static INLINE LaneMask first(int n) { return static_cast<LaneMask>((1U << n) - 1U); }
  static INLINE LaneMask lane_mask(uint64_t bits) { return static_cast<LaneMask>(bits); }
};

using F = Vec<float>;
INLINE F operator+(F a, F b) { return {_mm512_add_ps(a.v, b.v)}; }
INLINE F operator-(F a, F b) { return {_mm512_sub_ps(a.v, b.v)}; }
INLINE F operator*(F a, F b) { return {_mm512_mul_ps(a.v, b.v)}; }
INLINE F operator/(F a, F b) { return {_mm512_div_ps(a.v, b.v)}; }
INLINE F fma(F a, F b, F c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
INLINE F sqrt(F a) { return {_mm512_sqrt_ps(a.v)}; }
INLINE F max(F a, F b) { return {_mm512_max_ps(a.v, b.v)}; }
INLINE F min(F a, F b) { return {_mm512_min_ps(a.v, b.v)}; }
INLINE F round(F a) { return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
INLINE F abs(F a) { return {_mm512_abs_ps(a.v)}; }
INLINE F neg(F a) {
  return {_mm512_castsi512_ps(_mm512_xor_si512(_mm512_castps_si512(a.v), _mm512_set1_epi32(INT32_MIN)))};
}
INLINE F::LaneMask less(F a, F b) { return _mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ); }
INLINE F::LaneMask is_nan(F a) { return _mm512_cmp_ps_mask(a.v, a.v, _CMP_UNORD_Q); }
INLINE F select(F::LaneMask t, F a, F b) { return {_mm512_mask_blend_ps(t, b.v, a.v)}; }
INLINE F zip_low(F a, F b) {
  const __m512i order = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  return {_mm512_permutex2var_ps(a.v, order, b.v)};
}
INLINE F zip_high(F a, F b) {
  const __m512i order = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  return {_mm512_permutex2var_ps(a.v, order, b.v)};
}

// Transposes 16 vectors. The first two rounds transpose within quads of four elements, where a
// shuffle costs half as much as across them. The last two rounds move whole quads.
INLINE void transpose(F (&rows)[16]) {
  __m512d pairs[16], quads[16];
  HEED_UNROLL(8)
  for (int i = 0; i < 16; i += 2) {
    pairs[i] = _mm512_castps_pd(_mm512_unpacklo_ps(rows[i].v, rows[i + 1].v));
    pairs[i + 1] = _mm512_castps_pd(_mm512_unpackhi_ps(rows[i].v, rows[i + 1].v));
  }
  HEED_UNROLL(4)
  for (int i = 0; i < 16; i += 4) {
    quads[i] = _mm512_unpacklo_pd(pairs[i], pairs[i + 2]);
    quads[i + 1] = _mm512_unpackhi_pd(pairs[i], pairs[i + 2]);
    quads[i + 2] = _mm512_unpacklo_pd(pairs[i + 1], pairs[i + 3]);
    quads[i + 3] = _mm512_unpackhi_pd(pairs[i + 1], pairs[i + 3]);
  }
  HEED_UNROLL(4)
  for (int i = 0; i < 4; ++i) {
    const __m512d low_even = _mm512_shuffle_f64x2(quads[i], quads[i + 4], 0x88);
    const __m512d low_odd = _mm512_shuffle_f64x2(quads[i], quads[i + 4], 0xDD);
    const __m512d high_even = _mm512_shuffle_f64x2(quads[i + 8], quads[i + 12], 0x88);
    const __m512d high_odd = _mm512_shuffle_f64x2(quads[i + 8], quads[i + 12], 0xDD);
    rows[i].v = _mm512_castpd_ps(_mm512_shuffle_f64x2(low_even, high_even, 0x88));
    rows[i + 4].v = _mm512_castpd_ps(_mm512_shuffle_f64x2(low_odd, high_odd, 0x88));
    rows[i + 8].v = _mm512_castpd_ps(_mm512_shuffle_f64x2(low_even, high_even, 0xDD));
    rows[i + 12].v = _mm512_castpd_ps(_mm512_shuffle_f64x2(low_odd, high_odd, 0xDD));
  }
}

// Operations on quads: the four quarters of a vector, four floats each.
//
// Loads four floats of each of four rows, `step` apart.
INLINE F load_quads(const float* p, index_t step) {
  __m512 v = _mm512_castps128_ps512(_mm_loadu_ps(p));
  v = _mm512_mask_broadcast_f32x4(v, 0x00F0, _mm_loadu_ps(p + step));
  v = _mm512_mask_broadcast_f32x4(v, 0x0F00, _mm_loadu_ps(p + 2 * step));
  return {_mm512_mask_broadcast_f32x4(v, 0xF000, _mm_loadu_ps(p + 3 * step))};
}
// The same with the first n floats of each row, and zeros.
INLINE F load_quads_n(const float* p, index_t step, int n) {
  const __mmask8 some = static_cast<__mmask8>(F::first(n));
  __m512 v = _mm512_castps128_ps512(_mm_maskz_loadu_ps(some, p));
  v = _mm512_insertf32x4(v, _mm_maskz_loadu_ps(some, p + step), 1);
  v = _mm512_insertf32x4(v, _mm_maskz_loadu_ps(some, p + 2 * step), 2);
  return {_mm512_insertf32x4(v, _mm_maskz_loadu_ps(some, p + 3 * step), 3)};
}
INLINE void store_quads_n(F a, float* p, index_t step, int n) {
  const __mmask8 some = static_cast<__mmask8>(F::first(n));
  _mm_mask_storeu_ps(p, some, _mm512_maskz_extractf32x4_ps(some, a.v, 0));
  _mm_mask_storeu_ps(p + step, some, _mm512_maskz_extractf32x4_ps(some, a.v, 1));
  _mm_mask_storeu_ps(p + 2 * step, some, _mm512_maskz_extractf32x4_ps(some, a.v, 2));
  _mm_mask_storeu_ps(p + 3 * step, some, _mm512_maskz_extractf32x4_ps(some, a.v, 3));
}
// Repeats four floats, or the first n and zeros, in each quad.
INLINE F repeat_quad(const float* p) { return {_mm512_broadcast_f32x4(_mm_loadu_ps(p))}; }
INLINE F repeat_quad(const float* p, int n) {
  return {_mm512_broadcast_f32x4(_mm_maskz_loadu_ps(static_cast<__mmask8>(F::first(n)), p))};
}
// Fills each quad with its element INDEX.
template <int INDEX>
INLINE F fill_quads(F a) {
  return {_mm512_permute_ps(a.v, INDEX * 0x55)};
}
// Fills quad i with p[i], or with p[i * step].
INLINE F spread_quad(const float* p) {
  const __m512i element = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
  return {_mm512_permutexvar_ps(element, _mm512_castps128_ps512(_mm_loadu_ps(p)))};
}
INLINE F spread_quad(const float* p, index_t step) {
  const float x[4] = {p[0], p[step], p[2 * step], p[3 * step]};
  return spread_quad(x);
}
INLINE F pow2(F n) {
  return {_mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(n.v), _mm512_set1_epi32(127)), 23))};
}
INLINE F shift_to_exponent(F a) {
  return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(a.v), 23))};
}

typedef uint64_t Words __attribute__((vector_size(64)));
INLINE Words multiply_low(Words a, Words b) {
  return reinterpret_cast<Words>(
      _mm512_mul_epu32(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
}

using D = Vec<double>;
INLINE D operator+(D a, D b) { return {_mm512_add_pd(a.v, b.v)}; }
INLINE D operator-(D a, D b) { return {_mm512_sub_pd(a.v, b.v)}; }
INLINE D operator*(D a, D b) { return {_mm512_mul_pd(a.v, b.v)}; }
INLINE D operator/(D a, D b) { return {_mm512_div_pd(a.v, b.v)}; }
INLINE D fma(D a, D b, D c) { return {_mm512_fmadd_pd(a.v, b.v, c.v)}; }
INLINE D sqrt(D a) { return {_mm512_sqrt_pd(a.v)}; }
INLINE D max(D a, D b) { return {_mm512_max_pd(a.v, b.v)}; }
INLINE D min(D a, D b) { return {_mm512_min_pd(a.v, b.v)}; }
INLINE D round(D a) { return {_mm512_roundscale_pd(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
INLINE D abs(D a) { return {_mm512_abs_pd(a.v)}; }
INLINE D neg(D a) {
  return {_mm512_castsi512_pd(_mm512_xor_si512(_mm512_castpd_si512(a.v), _mm512_set1_epi64(INT64_MIN)))};
}
INLINE D::LaneMask less(D a, D b) { return _mm512_cmp_pd_mask(a.v, b.v, _CMP_LT_OQ); }
INLINE D::LaneMask is_nan(D a) { return _mm512_cmp_pd_mask(a.v, a.v, _CMP_UNORD_Q); }
INLINE D select(D::LaneMask t, D a, D b) { return {_mm512_mask_blend_pd(t, b.v, a.v)}; }
INLINE D zip_low(D a, D b) {
  return {_mm512_permutex2var_pd(a.v, _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11), b.v)};
}
INLINE D zip_high(D a, D b) {
  return {_mm512_permutex2var_pd(a.v, _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15), b.v)};
}
INLINE D pow2(D n) {
  const __m512i exponent = _mm512_cvtepi32_epi64(_mm512_cvtpd_epi32(n.v));
  return {_mm512_castsi512_pd(_mm512_slli_epi64(_mm512_add_epi64(exponent, _mm512_set1_epi64(1023)), 52))};
}
INLINE D shift_to_exponent(D a) {
  return {_mm512_castsi512_pd(_mm512_slli_epi64(_mm512_castpd_si512(a.v), 52))};
}
