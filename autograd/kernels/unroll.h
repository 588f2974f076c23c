// unroll.h — HEED_UNROLL(n) before a loop unrolls n of its iterations, so that the arrays it works
// on stay in registers.
//
// Under a sanitizer it does nothing: with all the sanitizer's checks, the unrolled kernels take
// minutes to compile.
#pragma once

#include "autograd/kernels/sanitizers.h"

#if HEED_ADDRESS_SANITIZER || HEED_THREAD_SANITIZER
#define HEED_UNROLL(iterations)
#else
#define HEED_PRAGMA(text) _Pragma(#text)
#define HEED_UNROLL(iterations) HEED_PRAGMA(GCC unroll iterations)
#endif
