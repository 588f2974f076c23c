// vec_neon.h — Vec<T> with NEON: 4 floats or 2 doubles. vec_portable.h documents the operations.
#include <arm_neon.h>
#include <string.h>

template <class T>
struct Vec;

template <>
struct Vec<float> {
  using LaneMask = uint32x4_t;
  static constexpr int lanes = 4;
  float32x4_t v;
  static INLINE Vec load(const float* p) { return {vld1q_f32(p)}; }
  static INLINE Vec load_n(const float* p, int n) {
    float all_lanes[4] = {0, 0, 0, 0};
    memcpy(all_lanes, p, static_cast<size_t>(n) * sizeof(float));
    return load(all_lanes);
  }
  static INLINE Vec all(float x) { return {vdupq_n_f32(x)}; }
  INLINE void store(float* p) const { vst1q_f32(p, v); }
  INLINE void store_n(float* p, int n) const {
    float all_lanes[4];
    store(all_lanes);
    memcpy(p, all_lanes, static_cast<size_t>(n) * sizeof(float));
  }
  static INLINE LaneMask lane_mask(uint64_t bits) {
    const uint32x4_t lane = {1, 2, 4, 8};
    return vtstq_u32(vdupq_n_u32(static_cast<uint32_t>(bits)), lane);
  }
  INLINE float sum() const { return vaddvq_f32(v); }
  INLINE float largest() const { return vmaxvq_f32(v); }
};

template <>
struct Vec<double> {
  using LaneMask = uint64x2_t;
  static constexpr int lanes = 2;
  float64x2_t v;
  static INLINE Vec load(const double* p) { return {vld1q_f64(p)}; }
  static INLINE Vec load_n(const double* p, int n) {
    double all_lanes[2] = {0, 0};
    memcpy(all_lanes, p, static_cast<size_t>(n) * sizeof(double));
    return load(all_lanes);
  }
  static INLINE Vec all(double x) { return {vdupq_n_f64(x)}; }
  INLINE void store(double* p) const { vst1q_f64(p, v); }
  INLINE void store_n(double* p, int n) const {
    double all_lanes[2];
    store(all_lanes);
    memcpy(p, all_lanes, static_cast<size_t>(n) * sizeof(double));
  }
  static INLINE LaneMask lane_mask(uint64_t bits) {
    const uint64x2_t lane = {1, 2};
    return vtstq_u64(vdupq_n_u64(bits), lane);
  }
  INLINE double sum() const { return vaddvq_f64(v); }
  INLINE double largest() const { return vmaxvq_f64(v); }
};

using F = Vec<float>;
INLINE F operator+(F a, F b) { return {vaddq_f32(a.v, b.v)}; }
INLINE F operator-(F a, F b) { return {vsubq_f32(a.v, b.v)}; }
INLINE F operator*(F a, F b) { return {vmulq_f32(a.v, b.v)}; }
INLINE F operator/(F a, F b) { return {vdivq_f32(a.v, b.v)}; }
INLINE F fma(F a, F b, F c) { return {vfmaq_f32(c.v, a.v, b.v)}; }
INLINE F sqrt(F a) { return {vsqrtq_f32(a.v)}; }
INLINE F round(F a) { return {vrndnq_f32(a.v)}; }
INLINE F abs(F a) { return {vabsq_f32(a.v)}; }
INLINE F neg(F a) { return {vnegq_f32(a.v)}; }
INLINE F::LaneMask less(F a, F b) { return vcltq_f32(a.v, b.v); }
INLINE F::LaneMask is_nan(F a) { return vmvnq_u32(vceqq_f32(a.v, a.v)); }
INLINE F select(F::LaneMask t, F a, F b) { return {vbslq_f32(t, a.v, b.v)}; }
INLINE F max(F a, F b) { return select(less(b, a), a, b); }
INLINE F min(F a, F b) { return select(less(a, b), a, b); }
INLINE F zip_low(F a, F b) { return {vzip1q_f32(a.v, b.v)}; }
INLINE F zip_high(F a, F b) { return {vzip2q_f32(a.v, b.v)}; }
INLINE F pow2(F n) {
  return {vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(vcvtnq_s32_f32(n.v), vdupq_n_s32(127)), 23))};
}
INLINE F shift_to_exponent(F a) {
  return {vreinterpretq_f32_s32(vshlq_n_s32(vreinterpretq_s32_f32(a.v), 23))};
}

typedef uint64_t Words __attribute__((vector_size(16)));
INLINE Words multiply_low(Words a, Words b) {
  return (Words)vmull_u32(vmovn_u64((uint64x2_t)a), vmovn_u64((uint64x2_t)b));
}

using D = Vec<double>;
INLINE D operator+(D a, D b) { return {vaddq_f64(a.v, b.v)}; }
INLINE D operator-(D a, D b) { return {vsubq_f64(a.v, b.v)}; }
INLINE D operator*(D a, D b) { return {vmulq_f64(a.v, b.v)}; }
INLINE D operator/(D a, D b) { return {vdivq_f64(a.v, b.v)}; }
INLINE D fma(D a, D b, D c) { return {vfmaq_f64(c.v, a.v, b.v)}; }
INLINE D sqrt(D a) { return {vsqrtq_f64(a.v)}; }
INLINE D round(D a) { return {vrndnq_f64(a.v)}; }
INLINE D abs(D a) { return {vabsq_f64(a.v)}; }
INLINE D neg(D a) { return {vnegq_f64(a.v)}; }
INLINE D::LaneMask less(D a, D b) { return vcltq_f64(a.v, b.v); }
INLINE D::LaneMask is_nan(D a) { return veorq_u64(vceqq_f64(a.v, a.v), vdupq_n_u64(~uint64_t{0})); }
INLINE D select(D::LaneMask t, D a, D b) { return {vbslq_f64(t, a.v, b.v)}; }
INLINE D max(D a, D b) { return select(less(b, a), a, b); }
INLINE D min(D a, D b) { return select(less(a, b), a, b); }
INLINE D zip_low(D a, D b) { return {vzip1q_f64(a.v, b.v)}; }
INLINE D zip_high(D a, D b) { return {vzip2q_f64(a.v, b.v)}; }
INLINE D pow2(D n) {
  return {vreinterpretq_f64_s64(vshlq_n_s64(vaddq_s64(vcvtnq_s64_f64(n.v), vdupq_n_s64(1023)), 52))};
}
INLINE D shift_to_exponent(D a) {
  return {vreinterpretq_f64_s64(vshlq_n_s64(vreinterpretq_s64_f64(a.v), 52))};
}
