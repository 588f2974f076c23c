// unroll.h — UNROLL(n) before a loop: the compiler writes n of its turns out, so that what they work on stays in registers.
//
// Not under a sanitizer: with all of its checks in, a compiler is busy with the kernels' loops for minutes.
#pragma once

#include "autograd/kernels/sanitizers.h"

#if HEED_ADDRESS_SANITIZER || HEED_THREAD_SANITIZER
#define UNROLL(turns)
#else
#define HEED_PRAGMA(text) _Pragma(#text)
#define UNROLL(turns) HEED_PRAGMA(GCC unroll turns)
#endif
