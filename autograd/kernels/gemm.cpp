// gemm.cpp — the loops around the register tile, from the outside in:
//
//   1  threads      c is cut into blocks of whole tiles; each block is a product of its own
//   2  depth        k in balanced pieces of at most 512, so that a piece of b stays in the second-level cache
//   3  columns      at most 256 of b's piece packed, panel by panel, each as wide as one tile; or read in place where it is small
//   4  rows         a's tile of rows, read in place by broadcast, stays in the first-level cache for all panels; a transposed a is
//                   packed, 48 rows at a time: its neighbours along k are far apart, each on a page of its own. It stays packed
//                   for the next columns
//   5  tile         gemm.inl: everything in registers
//   6  epilogue     bias and activation, while the rows are in the cache
//
// A product of a few rows reads b once whatever one does: it is read where it lies (2').
//
// k is never split over threads, and how it is cut depends on k alone: every element of c is the same sum in
// the same order on any number of threads.
#include "autograd/kernels/gemm.h"

#include <algorithm>

#include "autograd/kernels/gemm_tiles.h"
#include "autograd/kernels/thread_pool.h"
#include "autograd/kernels/workspace.h"

namespace heed::kernels {

namespace {

constexpr index_t depth_limit = 512;
constexpr index_t columns_limit = 256;  // packed at most at a time: 256 x 512 floats are half of a 1 MB cache
constexpr index_t in_place_limit = 16384;  // a smaller b costs more to pack than to read as it lies
constexpr index_t rows_packed = 48;        // of a transposed a: whole lines of the cache, whole tiles
constexpr index_t rows_kept = 4096;        // of a transposed a, at most: 8 MB of floats a thread
constexpr index_t packed_at_once = 16;  // rows of b, or of a transposed a, before the next panel has its turn
constexpr index_t far_apart = 128;      // a larger step along k is worth packing a for

index_t ceil_div(index_t a, index_t b) { return (a + b - 1) / b; }

// The narrowest tile that takes `columns` at once, else the widest. Where two are equally wide it is the first: what is made with
// the widest tile is made with tiles[0].
template <class T>
const GemmTile<T>& tile_for(index_t columns) {
  const auto& tiles = kernels<T>().gemm->tiles;
  for (int i = GemmKernels<T>::tile_count - 1; i > 0; --i)
    if (columns <= tiles[i].columns && tiles[i].columns < tiles[0].columns) return tiles[i];
  return tiles[0];
}

// Rows in tiles of nearly equal height: a last tile of one row would run at a fraction of the speed.
struct Balanced {
  index_t count, base, longer;  // `longer` of the pieces have base + 1
  Balanced(index_t n, index_t limit)
      : count(std::max<index_t>(1, ceil_div(n, limit))), base(n / count), longer(n % count) {}
  index_t begin(index_t i) const { return i * base + std::min(i, longer); }
  index_t size(index_t i) const { return base + (i < longer); }
};

// 3: `columns` of b at depth k, panel by panel. Rows that lie a power of two apart push each other out of the cache, so what a row
// has for all panels is taken at one visit.
template <class T>
void pack_panels(const GemmShape& s, const T* b, index_t k, index_t columns, T* packed) {
  const index_t step = s.transpose_b ? k : packed_at_once;
  for (index_t p = 0; p < k; p += step) {
    T* to = packed;
    for (index_t j = 0; j < columns;) {
      const auto& tile = tile_for<T>(columns - j);
      const index_t n = std::min(tile.columns, columns - j);
      kernels<T>().gemm->pack(b + (s.transpose_b ? j * s.ldb + p : p * s.ldb + j), s.ldb, s.transpose_b,
                              std::min(step, k - p), n, tile.columns, to + p * tile.columns);
      to += tile.columns * k;
      j += n;
    }
  }
}

// Rows of a as a tile reads them: element (i, p) is at[i * row + p * column].
template <class T>
struct Rows {
  const T* at;
  index_t row, column;
};

// 4: a's rows for the tiles of a block, one tile after the other. What the next columns ask for again stays packed.
template <class T>
class RowSource {
 public:
  RowSource(const GemmShape& s, const T* a, bool packs, bool keeps, index_t depth)
      : s_(s),
        a_(a),
        packs_(packs),
        keeps_(keeps),
        packed_(packs ? (keeps ? s.m : rows_packed) * depth : 0) {}

  // The rows of tile i of `tiles`, at depth [p0, p0 + k). `again`: these tiles of this depth were asked for before.
  Rows<T> tile(const Balanced& tiles, index_t i, index_t p0, index_t k, bool again) {
    if (!packs_) {
      const index_t row = s_.transpose_a ? 1 : s_.lda, column = s_.transpose_a ? s_.lda : 1;
      return {a_ + tiles.begin(i) * row + p0 * column, row, column};
    }
    const index_t at_once = std::max<index_t>(1, rows_packed / tiles.size(0));
    const index_t first = i - i % at_once;
    T* to = packed_.data() + (keeps_ ? tiles.begin(first) * k : 0);
    if (i == first && !(again && keeps_)) pack(tiles, i, std::min(i + at_once, tiles.count), p0, k, to);
    return {to + (tiles.begin(i) - tiles.begin(first)) * k, 1, tiles.size(i)};
  }

 private:
  // Some depth of all tiles, then some more: lines that lie a power of two apart push each other out of the cache.
  void pack(const Balanced& tiles, index_t first, index_t last, index_t p0, index_t k, T* to) {
    constexpr index_t step = packed_at_once;
    for (index_t p = 0; p < k; p += step)
      for (index_t i = first; i < last; ++i)
        kernels<T>().gemm->pack(a_ + (p0 + p) * s_.lda + tiles.begin(i), s_.lda, false, std::min(step, k - p),
                                tiles.size(i), tiles.size(i),
                                to + (tiles.begin(i) - tiles.begin(first)) * k + p * tiles.size(i));
  }

  const GemmShape& s_;
  const T* a_;
  bool packs_, keeps_;
  Workspace<T> packed_;
};

// 6: on c's rows [0, rows), `columns` wide, of which the bias is given.
template <class T>
void finish(const Epilogue<T>& epilogue, T* c, index_t ldc, index_t rows, index_t columns) {
  const auto& table = kernels<T>();
  for (index_t i = 0; i < rows; ++i, c += ldc) {
    if (epilogue.bias) table.binary(Binary::add, Operands::both_rows, c, epilogue.bias, c, columns);
    if (epilogue.f != Unary::count) table.unary(epilogue.f, c, c, columns);
  }
}

template <class T>
Epilogue<T> from_column(const Epilogue<T>& epilogue, index_t column) {
  return {epilogue.bias ? epilogue.bias + column : nullptr, epilogue.f};
}

// 2': whether this product, as a whole, is one of a few rows with a large transposed b.
bool few_dots(const GemmShape& s) {
  return s.m <= few_rows_limit && s.transpose_b && !s.transpose_a && s.k * s.n > in_place_limit;
}

template <class T>
void dots(const GemmShape& s, const T* a, const T* b, T* c, const Epilogue<T>& epilogue) {
  kernels<T>().gemm->dots[s.m](a, s.lda, b, s.ldb, c, s.ldc, s.n, s.k, s.accumulate);
  finish(epilogue, c, s.ldc, s.m, s.n);
}

// 2 – 6: one block on one thread.
template <class T>
void block(const GemmShape& s, const T* a, const T* b, T* c, const Epilogue<T>& epilogue) {
  const index_t b_step = s.transpose_b ? 1 : s.ldb;
  const index_t b_across = s.transpose_b ? s.ldb : 1;
  const bool few_rows = s.m <= few_rows_limit;
  const bool in_place = !s.transpose_b && (few_rows || s.k * s.n <= in_place_limit);
  const Balanced depth(s.k, depth_limit);
  const GemmTile<T>& widest = kernels<T>().gemm->tiles[0];
  // Whole widest tiles: a narrower one has other rows, so that what it packs of a is of no use to the next columns.
  const index_t width = std::min(s.n, columns_limit / widest.columns * widest.columns);
  const index_t room = in_place ? 0 : ceil_div(width, widest.columns) * widest.columns * (depth.base + 1);
  Workspace<T> packed(room);
  const bool packs = s.transpose_a && s.lda > far_apart && s.n > 8 * widest.columns;
  const bool keeps = s.n > width && &tile_for<T>(s.n - width) == &widest && s.m <= rows_kept;
  RowSource<T> source(s, a, packs, keeps, depth.base + 1);
  for (index_t piece = 0; piece < depth.count; ++piece) {
    const index_t p0 = depth.begin(piece), k = depth.size(piece);
    const bool accumulate = s.accumulate || piece > 0;
    for (index_t j0 = 0; j0 < s.n; j0 += width) {
      const index_t columns = std::min(width, s.n - j0);
      if (!in_place) pack_panels(s, b + p0 * b_step + j0 * b_across, k, columns, packed.data());
      // Rows of the widest panel's tile; a narrower last panel has its own, taller one.
      for (index_t jt = 0; jt < columns;) {
        const auto& tile = tile_for<T>(columns - jt);
        index_t same = 0;  // columns from jt on that use this tile
        while (jt + same < columns && &tile_for<T>(columns - jt - same) == &tile)
          same += std::min(tile.columns, columns - jt - same);
        const Balanced rows(s.m, tile.rows);
        for (index_t i = 0; i < rows.count; ++i) {
          const Rows<T> from = source.tile(rows, i, p0, k, j0 > 0 && &tile == &widest);
          T* to = c + rows.begin(i) * s.ldc + j0;
          for (index_t j = jt; j < jt + same; j += tile.columns) {
            const T* panel = in_place ? b + p0 * b_step + j0 + j : packed.data() + j * k;
            const index_t n = std::min(tile.columns, columns - j);
            const auto& kernel = n == tile.columns ? tile.full : tile.partial;
            kernel[rows.size(i)](from.at, from.row, from.column, panel, in_place ? s.ldb : tile.columns,
                                 to + j, s.ldc, k, n, accumulate);
          }
          if (piece + 1 == depth.count)
            finish(from_column(epilogue, j0 + jt), to + jt, s.ldc, rows.size(i), same);
        }
        jt += same;
      }
    }
  }
}

// The part of the product that makes c's rows [i0, i1) and columns [j0, j1).
template <class T>
void part(GemmShape s, const T* a, const T* b, T* c, const Epilogue<T>& epilogue, index_t i0, index_t i1,
          index_t j0, index_t j1) {
  const auto run = few_dots(s) ? dots<T> : block<T>;
  s.m = i1 - i0;
  s.n = j1 - j0;
  run(s, a + i0 * (s.transpose_a ? 1 : s.lda), b + j0 * (s.transpose_b ? s.ldb : 1), c + i0 * s.ldc + j0,
      from_column(epilogue, j0));
}

template <class T>
void clear(const GemmShape& s, T* c) {
  for (index_t i = 0; i < s.m; ++i) std::fill_n(c + i * s.ldc, s.n, T{0});
}

// How much work a product is, in floating-point operations. With a few rows it is the reading of b that takes the time.
double work(const GemmShape& s) {
  return 2.0 * static_cast<double>(std::max<index_t>(s.m, 8)) * static_cast<double>(s.n) *
         static_cast<double>(s.k);
}

}  // namespace

template <class T>
void gemm(const GemmShape& s, const T* a, const T* b, T* c, const Epilogue<T>& epilogue) {
  if (s.m == 0 || s.n == 0) return;
  if (s.k == 0) {
    if (!s.accumulate) clear(s, c);
    return finish(epilogue, c, s.ldc, s.m, s.n);
  }
  if (num_threads() == 1 || work(s) < worth_a_thread) return part(s, a, b, c, epilogue, 0, s.m, 0, s.n);
  // 1: at most four blocks a thread, cut along the longer side in whole tiles. Every block of columns packs all of a transposed a,
  // every block of rows all of b: then two.
  const auto& tile = tile_for<T>(s.n);
  const bool by_columns = s.n >= s.m;
  const index_t unit = by_columns ? tile.columns : tile.rows, extent = by_columns ? s.n : s.m;
  const index_t units = ceil_div(extent, unit);
  const index_t blocks = index_t{num_threads()} * (by_columns && !s.transpose_a ? 4 : 2);
  const index_t per_block = ceil_div(units, blocks) * unit;
  parallel_for(ceil_div(extent, per_block), 1, [&](index_t begin, index_t end) {
    const index_t from = begin * per_block, to = std::min(extent, end * per_block);
    if (by_columns)
      part(s, a, b, c, epilogue, 0, s.m, from, to);
    else
      part(s, a, b, c, epilogue, from, to, 0, s.n);
  });
}

template <class T>
void gemm_batched(const GemmShape& s, index_t batch, const T* a, const index_t* a_offset, const T* b,
                  const index_t* b_offset, T* c, const index_t* c_offset) {
  if (batch == 1) return gemm(s, a + *a_offset, b + *b_offset, c + *c_offset);
  parallel_for(batch, pieces_at_once(work(s)), [&](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i) {
      if (s.m == 0 || s.n == 0) continue;
      if (s.k == 0 && !s.accumulate) clear(s, c + c_offset[i]);
      if (s.k > 0) part<T>(s, a + a_offset[i], b + b_offset[i], c + c_offset[i], {}, 0, s.m, 0, s.n);
    }
  });
}

template void gemm(const GemmShape&, const float*, const float*, float*, const Epilogue<float>&);
template void gemm(const GemmShape&, const double*, const double*, double*, const Epilogue<double>&);
template void gemm_batched(const GemmShape&, index_t, const float*, const index_t*, const float*,
                           const index_t*, float*, const index_t*);
template void gemm_batched(const GemmShape&, index_t, const double*, const index_t*, const double*,
                           const index_t*, double*, const index_t*);

}  // namespace heed::kernels
