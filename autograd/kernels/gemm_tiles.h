// gemm_tiles.h — what gemm.cpp asks of an instruction set: register tiles, and packing.
#pragma once

#include "autograd/kernels/kernels.h"

namespace heed::kernels {

inline constexpr int max_tile_rows = 14;
inline constexpr int few_rows_limit = 4;

// c (rows, columns) = or += a (rows, k) · b (k, columns), all of it in registers. a is read in place: element
// (i, p) is a[i * a_row + p * a_column]. b's row p begins at b + p * b_row. `columns` may be less than the
// tile's width: what lies beyond is neither read (where b is not packed) nor written.
template <class T>
using TileKernel = void (*)(const T* a, index_t a_row, index_t a_column, const T* b, index_t b_row, T* c,
                            index_t c_row, index_t k, index_t columns, bool accumulate);

// One shape of tile, with a kernel for each number of rows from 1 up to its best.
template <class T>
struct GemmTile {
  index_t rows, columns;
  TileKernel<T> full[max_tile_rows + 1];     // all columns
  TileKernel<T> partial[max_tile_rows + 1];  // fewer
};

template <class T>
struct GemmKernels {
  static constexpr int tile_count = 3;
  GemmTile<T> tiles[tile_count];  // widest first
  // b (k, columns), or its transpose (columns, k), as rows of `width` with zeros beyond `columns`.
  void (*pack)(const T* b, index_t ldb, bool transposed, index_t k, index_t columns, index_t width,
               T* packed);
  // c (ROWS, n) = or += a (ROWS, k) · bᵀ, b (n, k), for 1 … few_rows_limit ROWS: nothing is packed.
  void (*dots[few_rows_limit + 1])(const T* a, index_t lda, const T* b, index_t ldb, T* c, index_t ldc,
                                   index_t n, index_t k, bool accumulate);
  // What a matmul is measured against: `rounds` of independent fma, as many as fill the CPU, and nothing else.
  // Returns how many floating-point operations that was; `sink` (lanes) receives their sums.
  double (*fma_peak)(index_t rounds, T* sink);
};

}  // namespace heed::kernels
