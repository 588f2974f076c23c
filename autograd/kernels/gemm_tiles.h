// gemm_tiles.h — the part of gemm that each instruction set supplies: register tiles and packing.
#pragma once

#include "autograd/kernels/kernels.h"

namespace heed::kernels {

inline constexpr int max_tile_rows = 14;
inline constexpr int max_quad_vectors = 9;
// Products with at most this many rows may be computed as dot products.
inline constexpr int max_few_rows = 4;

// Computes a (rows, columns) tile c = a (rows, k) · b (k, columns), or adds it to c with
// `accumulate`. All accumulators stay in registers. a is read in place: its element (i, p) is a[i *
// a_row + p * a_column]. Row p of b begins at b + p * b_row. `columns` may be less than the tile's
// width. The columns beyond it are not written, and they are read only if b is packed.
template <class T>
using TileKernel = void (*)(const T* a, index_t a_row, index_t a_column, const T* b, index_t b_row, T* c,
                            index_t c_row, index_t k, index_t columns, bool accumulate);

// One size of tile, with a kernel for each number of rows from 1 to `rows`.
template <class T>
struct GemmTile {
  index_t rows, columns;
  TileKernel<T> full[max_tile_rows + 1];     // all columns
  TileKernel<T> partial[max_tile_rows + 1];  // fewer columns
};

template <class T>
struct GemmKernels {
  static constexpr int tile_count = 3;
  GemmTile<T> tiles[tile_count];  // widest first
  // Kernels for at most 4 columns: each vector holds 4 columns of `quad_rows` rows. quads[i]
  // computes i vectors of rows. If the vectors are too short for this to be faster, quad_rows is 0.
  index_t quad_rows;
  TileKernel<T> quads[max_quad_vectors + 1];
  // Copies b (k, columns), or the transpose of b (columns, k), to rows of `width` elements.
  // Elements beyond `columns` are 0.
  void (*pack)(const T* b, index_t ldb, bool transposed, index_t k, index_t columns, index_t width,
               T* packed);
  // dots[m] computes c (m, n) = a (m, k) · bᵀ with b (n, k), or adds it to c, without packing. 1 <=
  // m <= 4.
  void (*dots[max_few_rows + 1])(const T* a, index_t lda, const T* b, index_t ldb, T* c, index_t ldc,
                                 index_t n, index_t k, bool accumulate);
  // Runs `rounds` of independent fma, enough of them to fill the CPU, to measure the peak speed
  // that gemm is compared with. Returns the number of floating-point operations. `sink` (lanes)
  // receives their sums.
  double (*fma_peak)(index_t rounds, T* sink);
};

}  // namespace heed::kernels
