// ladder_rungs.h — matmul from the naive loop to the final kernel. Each rung adds one optimisation
// and computes c (n, n) = a (n, n) · b (n, n) in row-major order.
#pragma once

#include "autograd/kernels/kernels.h"

namespace heed::bench {

using Rung = void (*)(const float* a, const float* b, float* c, index_t n);

void naive(const float* a, const float* b, float* c, index_t n);
void reordered(const float* a, const float* b, float* c, index_t n);
void blocked(const float* a, const float* b, float* c, index_t n);
void registers(const float* a, const float* b, float* c, index_t n);
void packed(const float* a, const float* b, float* c, index_t n);
void threaded(const float* a, const float* b, float* c, index_t n);

struct NamedRung {
  const char* name;
  Rung run;
};
inline constexpr NamedRung rungs[] = {{"1 naive", naive},     {"2 reordered", reordered},
                                      {"3 blocked", blocked}, {"4 registers", registers},
                                      {"5 packed", packed},   {"6 threads", threaded}};

}  // namespace heed::bench
