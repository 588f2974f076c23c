#include "tests/bench/ladder_rungs.h"

#include <algorithm>

#include "autograd/kernels/gemm.h"
#include "autograd/kernels/gemm_tiles.h"
#include "autograd/threads.h"

namespace heed::bench {

// The formula: one number of c after the other. b is walked down its columns, a new line of the cache for every number.
void naive(const float* a, const float* b, float* c, index_t n) {
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j < n; ++j) {
      float sum = 0;
      for (index_t p = 0; p < n; ++p) sum += a[i * n + p] * b[p * n + j];
      c[i * n + j] = sum;
    }
}

// c's rows [i0, i1) += a's columns [p0, p1) times b's rows, at columns [j0, j1). All three are walked along rows, so the compiler can use vectors.
static void along_rows(const float* a, const float* b, float* c, index_t n, index_t i0, index_t i1,
                       index_t p0, index_t p1, index_t j0, index_t j1) {
  for (index_t i = i0; i < i1; ++i)
    for (index_t p = p0; p < p1; ++p) {
      const float x = a[i * n + p];
      for (index_t j = j0; j < j1; ++j) c[i * n + j] += x * b[p * n + j];
    }
}

// The same sums with the two inner loops exchanged.
void reordered(const float* a, const float* b, float* c, index_t n) {
  std::fill_n(c, n * n, 0.0F);
  along_rows(a, b, c, n, 0, n, 0, n, 0, n);
}

// In blocks of b that stay in the cache while all rows of a pass over them.
void blocked(const float* a, const float* b, float* c, index_t n) {
  constexpr index_t depth = 64, width = 256;  // 64 KB of b
  std::fill_n(c, n * n, 0.0F);
  for (index_t j = 0; j < n; j += width)
    for (index_t p = 0; p < n; p += depth)
      along_rows(a, b, c, n, 0, n, p, std::min(n, p + depth), j, std::min(n, j + width));
}

// A tile of c stays in registers for its whole sum (gemm.inl): c is written once, and what was loaded is used many times.
void registers(const float* a, const float* b, float* c, index_t n) {
  const auto& tile = kernels::kernels<float>().gemm->tiles[0];
  for (index_t j = 0; j < n; j += tile.columns)
    for (index_t i = 0; i < n; i += tile.rows) {
      const index_t rows = std::min(tile.rows, n - i), columns = std::min(tile.columns, n - j);
      const auto& kernel = columns == tile.columns ? tile.full : tile.partial;
      kernel[rows](a + i * n, n, 1, b + j, n, c + i * n + j, n, n, columns, false);
    }
}

// b copied into panels as wide as the tile, a piece of its depth at a time: what a tile reads lies in one stream. This is
// gemm.cpp on one thread.
void packed(const float* a, const float* b, float* c, index_t n) {
  const int before = num_threads();
  set_num_threads(1);
  threaded(a, b, c, n);
  set_num_threads(before);
}

void threaded(const float* a, const float* b, float* c, index_t n) {
  kernels::gemm<float>({.m = n, .n = n, .k = n, .lda = n, .ldb = n, .ldc = n}, a, b, c);
}

}  // namespace heed::bench
