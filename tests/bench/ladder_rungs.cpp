#include "tests/bench/ladder_rungs.h"

#include <algorithm>

#include "autograd/kernels/gemm.h"
#include "autograd/kernels/gemm_tiles.h"
#include "autograd/threads.h"

namespace heed::bench {

// Computes the elements of c one by one. It reads b along columns, so every element comes from a
// new cache line.
void naive(const float* a, const float* b, float* c, index_t n) {
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j < n; ++j) {
      float sum = 0;
      for (index_t p = 0; p < n; ++p) sum += a[i * n + p] * b[p * n + j];
      c[i * n + j] = sum;
    }
}

// c[i0:i1, j0:j1] += a[i0:i1, p0:p1] · b[p0:p1, j0:j1]. The inner loop reads all three along rows,
// so the compiler can vectorise it.
static void along_rows(const float* a, const float* b, float* c, index_t n, index_t i0, index_t i1,
                       index_t p0, index_t p1, index_t j0, index_t j1) {
  for (index_t i = i0; i < i1; ++i)
    for (index_t p = p0; p < p1; ++p) {
      const float x = a[i * n + p];
      for (index_t j = j0; j < j1; ++j) c[i * n + j] += x * b[p * n + j];
    }
}

// The same sums with the two inner loops swapped.
void reordered(const float* a, const float* b, float* c, index_t n) {
  std::fill_n(c, n * n, 0.0F);
  along_rows(a, b, c, n, 0, n, 0, n, 0, n);
}

// Blocks of b stay in the cache while all rows of a are multiplied by them.
void blocked(const float* a, const float* b, float* c, index_t n) {
  constexpr index_t depth = 64, width = 256;  // 64 KB of b
  std::fill_n(c, n * n, 0.0F);
  for (index_t j = 0; j < n; j += width)
    for (index_t p = 0; p < n; p += depth)
      along_rows(a, b, c, n, 0, n, p, std::min(n, p + depth), j, std::min(n, j + width));
}

// A tile of c stays in registers until its sums are complete (gemm.inl). c is written once, and
// each loaded value is used many times.
void registers(const float* a, const float* b, float* c, index_t n) {
  const auto& tile = kernels::kernels<float>().gemm->tiles[0];
  for (index_t j = 0; j < n; j += tile.columns)
    for (index_t i = 0; i < n; i += tile.rows) {
      const index_t rows = std::min(tile.rows, n - i), columns = std::min(tile.columns, n - j);
      const auto& kernel = columns == tile.columns ? tile.full : tile.partial;
      kernel[rows](a + i * n, n, 1, b + j, n, c + i * n + j, n, n, columns, false);
    }
}

// b is copied into panels as wide as a tile, one block of rows at a time, so a tile reads
// contiguous memory. This is gemm.cpp with one thread.
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
