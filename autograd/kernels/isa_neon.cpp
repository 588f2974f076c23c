// isa_neon.cpp — the kernels, compiled for NEON. Only this file is compiled with those
// instructions. It includes no C++ standard header: the linker may keep any copy of an inline
// function, so a copy compiled here could run on a CPU that lacks the instructions.
#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#include "autograd/kernels/gemm_tiles.h"
#include "autograd/kernels/unroll.h"

#define INLINE inline __attribute__((always_inline))
#define INLINE_LAMBDA __attribute__((always_inline))
#define ISA_NAME "neon"
#define WIDE_ROWS 8
#define WIDE_VECTORS 3
#define MIDDLE_ROWS 8
#define MIDDLE_VECTORS 2
#define NARROW_ROWS 12

namespace heed::kernels {
namespace {
namespace isa_neon {

#include "autograd/kernels/vec_neon.h"
// clang-format off: the order of these files matters
#include "autograd/kernels/dropout.inl"
#include "autograd/kernels/elementwise.inl"
#include "autograd/kernels/gemm.inl"
#include "autograd/kernels/math.inl"
#include "autograd/kernels/rows.inl"
#include "autograd/kernels/softmax_tile.inl"
#include "autograd/kernels/table.inl"
// clang-format on

}  // namespace isa_neon
}  // namespace

const Kernels<float>& neon_f32() { return isa_neon::table<float>(); }
const Kernels<double>& neon_f64() { return isa_neon::table<double>(); }

}  // namespace heed::kernels
