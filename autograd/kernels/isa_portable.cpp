// isa_portable.cpp — the kernels, compiled for any CPU. The other isa_….cpp compile the same files
// with the instructions of their name. For their sake none of these files includes a C++ standard
// header: the linker may keep any copy of an inline function, so a copy compiled for AVX2 could run
// on a CPU without it.
#include <stdint.h>
#include <string.h>

#include "autograd/kernels/gemm_tiles.h"
#include "autograd/kernels/unroll.h"

#define INLINE inline __attribute__((always_inline))
#define INLINE_LAMBDA __attribute__((always_inline))
#define ISA_NAME "portable"
#define WIDE_ROWS 4
#define WIDE_VECTORS 2
#define MIDDLE_ROWS 4
#define MIDDLE_VECTORS 2
#define NARROW_ROWS 8

namespace heed::kernels {
namespace {
namespace isa_portable {

#include "autograd/kernels/vec_portable.h"
// clang-format off: the order of these files matters
#include "autograd/kernels/dropout.inl"
#include "autograd/kernels/elementwise.inl"
#include "autograd/kernels/gemm.inl"
#include "autograd/kernels/math.inl"
#include "autograd/kernels/rows.inl"
#include "autograd/kernels/softmax_tile.inl"
#include "autograd/kernels/table.inl"
// clang-format on

}  // namespace isa_portable
}  // namespace

const Kernels<float>& portable_f32() { return isa_portable::table<float>(); }
const Kernels<double>& portable_f64() { return isa_portable::table<double>(); }

}  // namespace heed::kernels
