// isa_avx512.cpp — the kernels, compiled for AVX-512. Only this file is compiled with those
// instructions. It includes no C++ standard header: the linker may keep any copy of an inline
// function, so a copy compiled here could run on a CPU that lacks the instructions.
#include <immintrin.h>
#include <stdint.h>

#include "autograd/kernels/gemm_tiles.h"
#include "autograd/kernels/unroll.h"

#define INLINE inline __attribute__((always_inline))
#define INLINE_LAMBDA __attribute__((always_inline))
#define ISA_NAME "avx512"
#define WIDE_ROWS 6
#define WIDE_VECTORS 4
#define MIDDLE_ROWS 12
#define MIDDLE_VECTORS 2
#define NARROW_ROWS 14

namespace heed::kernels {
namespace {
namespace isa_avx512 {

#include "autograd/kernels/vec_avx512.h"
// clang-format off: the order of these files matters
#include "autograd/kernels/dropout.inl"
#include "autograd/kernels/elementwise.inl"
#include "autograd/kernels/gemm.inl"
#include "autograd/kernels/math.inl"
#include "autograd/kernels/rows.inl"
#include "autograd/kernels/softmax_tile.inl"
#include "autograd/kernels/table.inl"
// clang-format on

}  // namespace isa_avx512
}  // namespace

const Kernels<float>& avx512_f32() { return isa_avx512::table<float>(); }
const Kernels<double>& avx512_f64() { return isa_avx512::table<double>(); }

}  // namespace heed::kernels
