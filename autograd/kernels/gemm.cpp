// gemm.cpp — the loops around the register tile, from the outside in:
//
//   1  threads   C is cut into blocks of whole tiles. Each block is an independent product.
//   2  depth     k is cut into equal pieces of at most 512, so that a piece of B stays in L2.
//   3  columns   At most 256 columns of that piece are packed into panels as wide as a tile. A
//                small B is read in place.
//   4  rows      A tile's rows of A stay in L1 for all panels. They are read in place, one
//                broadcast per element.
//   5  tile      gemm.inl: the accumulators stay in registers for the whole piece of k.
//   6  epilogue  Bias and activation are applied while the rows are still in the cache.
//
// The elements of a transposed A are far apart along k, each on a different page. If many columns
// read them, all threads first copy A to rows.
//
// A product with few rows reads B only once, so packing B does not pay off: multiply_few_rows()
// computes it as dot products.
//
// k is never split across threads, and the way it is cut depends on k alone. Every element of C is
// therefore the same sum in the same order for any number of threads.
#include "autograd/kernels/gemm.h"

#include <algorithm>

#include "autograd/kernels/gemm_tiles.h"
#include "autograd/kernels/thread_pool.h"
#include "autograd/kernels/workspace.h"

namespace heed::kernels {

namespace {

constexpr index_t max_depth = 512;
// 256 x 512 floats fill half of a 1 MB L2 cache.
constexpr index_t max_packed_columns = 256;
// Up to this size, B costs more to pack than to read in place.
constexpr index_t max_unpacked_elements = 16384;
// Steps along k that are packed for one panel before the next panel.
constexpr index_t packed_depth = 16;
// Copying a transposed A to rows pays off if its elements along k are at least this far apart.
constexpr index_t min_copied_stride = 128;
// The most rows that are copied at a time: 4096 x 512 floats take 8 MB.
constexpr index_t max_copied_rows = 4096;
// The rows that a thread copies at a time: whole cache lines of a transposed A.
constexpr index_t copied_together = 64;

index_t ceil_div(index_t a, index_t b) { return (a + b - 1) / b; }

// Returns the narrowest tile that covers `columns`, or the widest if none does. Of several tiles
// with the greatest width, it returns the first, so code can test for the widest with tiles[0].
template <class T>
const GemmTile<T>& tile_for(const GemmKernels<T>& kernels, index_t columns) {
  const auto& tiles = kernels.tiles;
  for (int i = GemmKernels<T>::tile_count - 1; i > 0; --i)
    if (columns <= tiles[i].columns && tiles[i].columns < tiles[0].columns) return tiles[i];
  return tiles[0];
}

// Returns how many of the last of n columns are too few for a tile.
template <class T>
index_t columns_in_quads(const GemmKernels<T>& kernels, index_t n) {
  if (kernels.quad_rows == 0) return 0;
  const index_t rest = n % kernels.tiles[GemmKernels<T>::tile_count - 1].columns;
  return rest <= 4 ? rest : 0;
}

// Returns n rounded up to whole panels.
template <class T>
index_t whole_panels(const GemmKernels<T>& kernels, index_t n) {
  const index_t rest = n % kernels.tiles[0].columns;
  return n - rest + (rest > 0 ? tile_for(kernels, rest).columns : 0);
}

// Splits n into pieces of nearly equal size, at most `limit` each. With unequal pieces, a short
// last tile would run at a fraction of the speed.
struct EvenSplit {
  index_t count, base, longer;  // the first `longer` pieces have base + 1 elements, the others base

  EvenSplit(index_t n, index_t limit) : count(n <= limit ? 1 : ceil_div(n, limit)), base(n), longer(0) {
    if (count == 1) return;  // a division takes as long as 20 products of vectors
    base = n / count;
    longer = n % count;
  }
  index_t begin(index_t i) const { return i * base + std::min(i, longer); }
  index_t size(index_t i) const { return base + (i < longer); }
};

// ---- packing ----------------------------------------------------------------------------------------------

// Loop 3: packs a (k, columns) part of B into panels. Rows of B that are a power of two apart evict
// each other from the cache, so a few of them are packed for all panels before the next ones. A
// transposed B is packed one whole panel at a time.
template <class T>
void pack_panels(const GemmShape& s, const T* b, index_t k, index_t columns, T* packed) {
  const GemmKernels<T>& table = *kernels<T>().gemm;
  const index_t step = s.transpose_b ? k : packed_depth;
  for (index_t p = 0; p < k; p += step) {
    T* panel = packed;
    for (index_t j = 0; j < columns;) {
      const auto& tile = tile_for(table, columns - j);
      const index_t n = std::min(tile.columns, columns - j);
      table.pack(b + (s.transpose_b ? j * s.ldb + p : p * s.ldb + j), s.ldb, s.transpose_b,
                 std::min(step, k - p), n, tile.columns, panel + p * tile.columns);
      panel += tile.columns * k;
      j += n;
    }
  }
}

// ---- one block on one thread ------------------------------------------------------------------------------

// Loop 6: applies the epilogue to a (rows, columns) part of C. `epilogue.bias` begins at the first
// column of that part.
template <class T>
void apply_epilogue(const Epilogue<T>& epilogue, T* c, index_t ldc, index_t rows, index_t columns) {
  if (!epilogue.bias && epilogue.f == Unary::none) return;
  const auto& table = kernels<T>();
  for (index_t i = 0; i < rows; ++i, c += ldc) {
    if (epilogue.bias) table.binary(Binary::add, Operands::both_rows, c, epilogue.bias, c, columns);
    if (epilogue.f != Unary::none) table.unary(epilogue.f, c, c, columns);
  }
}

// Returns the epilogue of the columns from `column` on.
template <class T>
Epilogue<T> from_column(const Epilogue<T>& epilogue, index_t column) {
  return {epilogue.bias ? epilogue.bias + column : nullptr, epilogue.f};
}

// Whether multiply_few_rows() computes the product: few rows, and a large transposed B. This
// depends on the shape of the whole product, so that it does not vary with the number of threads.
bool uses_dot_products(const GemmShape& s) {
  return s.m <= max_few_rows && s.transpose_b && !s.transpose_a && s.k * s.n > max_unpacked_elements;
}

template <class T>
void multiply_few_rows(const GemmShape& s, const T* a, const T* b, T* c, const Epilogue<T>& epilogue) {
  kernels<T>().gemm->dots[s.m](a, s.lda, b, s.ldb, c, s.ldc, s.n, s.k, s.accumulate);
  apply_epilogue(epilogue, c, s.ldc, s.m, s.n);
}

// Loops 2 to 6: computes one block on one thread.
template <class T>
class Block {
 public:
  // `prepacked` is null, or a packed copy of B whose column `prepacked_column` is the first one here.
  Block(const GemmShape& s, const T* a, const T* b, T* c, const Epilogue<T>& epilogue,
        const PackedMatrix<T>* prepacked, index_t prepacked_column)
      : s_(s),
        a_(a),
        b_(b),
        c_(c),
        epilogue_(epilogue),
        prepacked_(prepacked),
        prepacked_column_(prepacked_column),
        kernels_(*kernels<T>().gemm),
        depth_(s.k, max_depth),
        // Whole tiles of the greatest width.
        width_(s.n <= max_packed_columns ? s.n : max_packed_columns / widest().columns * widest().columns),
        unpacked_(!prepacked && !s.transpose_b &&
                  (s.m <= max_few_rows || s.k * s.n <= max_unpacked_elements)),
        packed_(packed_elements()) {}

  void run() {
    const index_t in_quads = columns_in_quads(kernels_, s_.n), in_tiles = s_.n - in_quads;
    for (index_t piece = 0; piece < depth_.count; ++piece) {
      for (index_t j0 = 0; j0 < in_tiles; j0 += width_)
        multiply_columns(piece, j0, std::min(width_, in_tiles - j0));
      if (in_quads > 0) multiply_quads(piece, in_tiles, in_quads);
    }
  }

 private:
  const GemmTile<T>& widest() const { return kernels_.tiles[0]; }

  // Returns the elements that this block packs at a time: of the last columns only if B is packed.
  index_t packed_elements() const {
    if (unpacked_) return 0;
    const index_t columns = prepacked_ ? 4 : ceil_div(width_, widest().columns) * widest().columns;
    return columns * (depth_.base + 1);
  }

  // Computes all rows of the last, at most 4, columns. The last rows, too few for a vector of quads,
  // are a tile.
  void multiply_quads(index_t piece, index_t j0, index_t columns) {
    const index_t p0 = depth_.begin(piece), k = depth_.size(piece), rows = kernels_.quad_rows;
    const index_t row_step = s_.transpose_a ? 1 : s_.lda, column_step = s_.transpose_a ? s_.lda : 1;
    const T* a = a_ + p0 * column_step;
    const T* b = b_ + (s_.transpose_b ? p0 + j0 * s_.ldb : p0 * s_.ldb + j0);
    T* c = c_ + j0;
    const bool accumulate = s_.accumulate || piece > 0;
    if (s_.transpose_b)
      for (index_t p = 0; p < k; ++p)
        for (index_t j = 0; j < columns; ++j) packed_.data()[p * 4 + j] = b[j * s_.ldb + p];
    const auto run = [&](TileKernel<T> kernel, index_t i) {
      kernel(a + i * row_step, row_step, column_step, s_.transpose_b ? packed_.data() : b,
             s_.transpose_b ? 4 : s_.ldb, c + i * s_.ldc, s_.ldc, k, columns, accumulate);
    };
    const EvenSplit vectors(s_.m / rows, max_quad_vectors);
    for (index_t i = 0; i < vectors.count && s_.m >= rows; ++i)
      run(kernels_.quads[vectors.size(i)], vectors.begin(i) * rows);
    const index_t rest = s_.m % rows;
    if (rest > 0) run(kernels_.tiles[GemmKernels<T>::tile_count - 1].partial[rest], s_.m - rest);
    if (piece + 1 == depth_.count) apply_epilogue(from_column(epilogue_, j0), c, s_.ldc, s_.m, columns);
  }

  // Loop 3: computes columns [j0, j0 + columns), in strips that use the same tile. The last panel
  // may be narrower, and then uses a taller tile.
  void multiply_columns(index_t piece, index_t j0, index_t columns) {
    const index_t p0 = depth_.begin(piece), k = depth_.size(piece);
    const T* b = b_ + (s_.transpose_b ? p0 + j0 * s_.ldb : p0 * s_.ldb + j0);
    if (!unpacked_ && !prepacked_) pack_panels(s_, b, k, columns, packed_.data());
    const T* panels = unpacked_    ? b
                      : prepacked_ ? prepacked_->panels(p0, k, prepacked_column_ + j0)
                                   : packed_.data();
    for (index_t j = 0; j < columns;) {
      const auto& tile = tile_for(kernels_, columns - j);
      index_t strip = 0;
      while (j + strip < columns && &tile_for(kernels_, columns - j - strip) == &tile)
        strip += std::min(tile.columns, columns - j - strip);
      multiply_strip(tile, piece, j0 + j, strip, panels + (unpacked_ ? j : j * k));
      j += strip;
    }
  }

  // Loops 4 and 6: computes all rows of `strip` columns, from j0 on. `panels` points to the same
  // columns of B.
  void multiply_strip(const GemmTile<T>& tile, index_t piece, index_t j0, index_t strip, const T* panels) {
    const index_t p0 = depth_.begin(piece), k = depth_.size(piece);
    const index_t row_step = s_.transpose_a ? 1 : s_.lda, column_step = s_.transpose_a ? s_.lda : 1;
    const EvenSplit tiles(s_.m, tile.rows);
    const T* a = a_ + p0 * column_step;
    T* c = c_ + j0;
    for (index_t i = 0; i < tiles.count; ++i) {
      const index_t rows = tiles.size(i);
      multiply_row_of_tiles(tile, rows, a, panels, c, k, strip, s_.accumulate || piece > 0);
      if (piece + 1 == depth_.count) apply_epilogue(from_column(epilogue_, j0), c, s_.ldc, rows, strip);
      a += rows * row_step;
      c += rows * s_.ldc;
    }
  }

  // Loop 5: computes one row of tiles, panel by panel.
  void multiply_row_of_tiles(const GemmTile<T>& tile, index_t row_count, const T* a, const T* panels, T* c,
                             index_t k, index_t strip, bool accumulate) {
    const index_t row_step = s_.transpose_a ? 1 : s_.lda, column_step = s_.transpose_a ? s_.lda : 1;
    const index_t panel_step = unpacked_ ? 1 : k, b_row = unpacked_ ? s_.ldb : tile.columns;
    for (index_t j = 0; j < strip; j += tile.columns) {
      const index_t n = std::min(tile.columns, strip - j);
      const auto& kernel = n == tile.columns ? tile.full : tile.partial;
      kernel[row_count](a, row_step, column_step, panels + j * panel_step, b_row, c + j, s_.ldc, k, n,
                        accumulate);
    }
  }

  const GemmShape& s_;
  const T *a_, *b_;
  T* c_;
  const Epilogue<T>& epilogue_;
  const PackedMatrix<T>* prepacked_;
  index_t prepacked_column_;
  const GemmKernels<T>& kernels_;
  EvenSplit depth_;
  index_t width_;  // columns of B that are packed at a time
  bool unpacked_;  // B is read in place, not packed
  Workspace<T> packed_;
};

// Computes rows [i0, i1) and columns [j0, j1) of C.
template <class T>
void multiply_part(GemmShape s, const T* a, const T* b, T* c, const Epilogue<T>& epilogue,
                   const PackedMatrix<T>* packed, index_t i0, index_t i1, index_t j0, index_t j1) {
  const bool as_dot_products = uses_dot_products(s);
  s.m = i1 - i0;
  s.n = j1 - j0;
  a += i0 * (s.transpose_a ? 1 : s.lda);
  b += j0 * (s.transpose_b ? s.ldb : 1);
  c += i0 * s.ldc + j0;
  const Epilogue<T> part = from_column(epilogue, j0);
  if (as_dot_products)
    multiply_few_rows(s, a, b, c, part);
  else
    Block<T>(s, a, b, c, part, packed, j0).run();
}

template <class T>
void clear(const GemmShape& s, T* c) {
  for (index_t i = 0; i < s.m; ++i) std::fill_n(c + i * s.ldc, s.n, T{0});
}

// Returns the cost of a product in floating-point operations. Fewer than 8 rows are counted as 8,
// because reading B then takes most of the time.
double flops_of(const GemmShape& s) {
  return 2.0 * static_cast<double>(std::max<index_t>(s.m, 8)) * static_cast<double>(s.n) *
         static_cast<double>(s.k);
}

// Loop 1: cuts C along its longer side, in whole tiles, into at most four blocks per thread. The
// limit is two for blocks of rows, because each of them packs all of B.
template <class T>
void multiply_blocks(const GemmShape& s, const T* a, const T* b, T* c, const Epilogue<T>& epilogue,
                     const PackedMatrix<T>* packed) {
  if (num_threads() == 1) return multiply_part(s, a, b, c, epilogue, packed, 0, s.m, 0, s.n);
  const auto& tile = tile_for(*kernels<T>().gemm, s.n);
  const bool by_columns = s.n >= s.m;
  const index_t unit = by_columns ? tile.columns : tile.rows, extent = by_columns ? s.n : s.m;
  const index_t units = ceil_div(extent, unit);
  const index_t blocks = index_t{num_threads()} * (by_columns ? 4 : 2);
  const index_t per_block = ceil_div(units, blocks) * unit;
  const index_t count = ceil_div(extent, per_block);
  parallel_for(count, gemm_ns(flops_of(s)) / static_cast<double>(count), [&](index_t begin, index_t end) {
    const index_t first = begin * per_block, last = std::min(extent, end * per_block);
    if (by_columns)
      multiply_part(s, a, b, c, epilogue, packed, 0, s.m, first, last);
    else
      multiply_part(s, a, b, c, epilogue, packed, first, last, 0, s.n);
  });
}

// Whether a transposed A is copied to rows first. Elements of A along k that are far apart are each
// on a different page, and many columns read them again.
template <class T>
bool copies_rows(const GemmShape& s) {
  return s.transpose_a && s.m > max_few_rows && s.lda >= min_copied_stride &&
         s.n >= 8 * kernels<T>().gemm->tiles[0].columns;
}

// Multiplies with rows copied from a transposed A, one piece of k at a time. All threads copy, then
// all threads multiply.
template <class T>
void multiply_copied_rows(const GemmShape& s, const T* a, const T* b, T* c, const Epilogue<T>& epilogue) {
  const EvenSplit depth(s.k, max_depth), chunks(s.m, max_copied_rows);
  // A multiple of the lanes of every vector, but no power of two: such rows evict each other.
  const index_t ld = ceil_div(depth.base + 1, 16) * 16 + 16;
  Workspace<T> rows((chunks.base + 1) * ld);
  for (index_t chunk = 0; chunk < chunks.count; ++chunk)
    for (index_t piece = 0; piece < depth.count; ++piece) {
      const index_t i0 = chunks.begin(chunk), m = chunks.size(chunk);
      const index_t p0 = depth.begin(piece), k = depth.size(piece);
      parallel_for(ceil_div(m, copied_together), static_cast<double>(copied_together * k) * cheap_ns * 4,
                   [&](index_t begin, index_t end) {
                     for (index_t i = begin * copied_together; i < std::min(m, end * copied_together);
                          i += copied_together)
                       kernels<T>().gemm->pack(a + p0 * s.lda + i0 + i, s.lda, true,
                                               std::min(copied_together, m - i), k, ld, rows.data() + i * ld);
                   });
      const GemmShape product{.transpose_b = s.transpose_b,
                              .m = m,
                              .n = s.n,
                              .k = k,
                              .lda = ld,
                              .ldb = s.ldb,
                              .ldc = s.ldc,
                              .accumulate = s.accumulate || piece > 0};
      multiply_blocks<T>(product, rows.data(), b + p0 * (s.transpose_b ? 1 : s.ldb), c + i0 * s.ldc,
                         piece + 1 == depth.count ? epilogue : Epilogue<T>{}, nullptr);
    }
}

}  // namespace

template <class T>
PackedMatrix<T>::PackedMatrix(const MatrixView<T>& b, index_t k, index_t n)
    : columns_(whole_panels(*kernels<T>().gemm, n - columns_in_quads(*kernels<T>().gemm, n))),
      panels_(k * columns_) {
  const GemmShape s{.transpose_b = b.transposed, .ldb = b.ld};
  const EvenSplit depth(k, max_depth);
  const index_t width = kernels<T>().gemm->tiles[0].columns;
  const index_t in_tiles = n - columns_in_quads(*kernels<T>().gemm, n);
  for (index_t piece = 0; piece < depth.count; ++piece) {
    const index_t p0 = depth.begin(piece), size = depth.size(piece);
    parallel_for(ceil_div(in_tiles, width), static_cast<double>(width * size) * cheap_ns * 4,
                 [&](index_t begin, index_t end) {
                   const index_t j = begin * width;
                   pack_panels(s, b.data + (b.transposed ? j * b.ld + p0 : p0 * b.ld + j), size,
                               std::min(in_tiles, end * width) - j,
                               panels_.data() + p0 * columns_ + j * size);
                 });
  }
}

template <class T>
void gemm(const GemmShape& s, const T* a, const T* b, T* c, const Epilogue<T>& epilogue,
          const PackedMatrix<T>* packed) {
  if (s.m == 0 || s.n == 0) return;
  if (s.k == 0) {
    if (!s.accumulate) clear(s, c);
    return apply_epilogue(epilogue, c, s.ldc, s.m, s.n);
  }
  if (copies_rows<T>(s))
    multiply_copied_rows(s, a, b, c, epilogue);
  else
    multiply_blocks(s, a, b, c, epilogue, packed);
}

template <class T>
void gemm_batched(const GemmShape& s, index_t batch, const T* a, const index_t* a_offset, const T* b,
                  const index_t* b_offset, T* c, const index_t* c_offset) {
  if (batch == 1) return gemm(s, a + *a_offset, b + *b_offset, c + *c_offset);
  parallel_for(batch, gemm_ns(flops_of(s)), [&](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i) gemm(s, a + a_offset[i], b + b_offset[i], c + c_offset[i]);
  });
}

template class PackedMatrix<float>;
template class PackedMatrix<double>;
template void gemm(const GemmShape&, const float*, const float*, float*, const Epilogue<float>&,
                   const PackedMatrix<float>*);
template void gemm(const GemmShape&, const double*, const double*, double*, const Epilogue<double>&,
                   const PackedMatrix<double>*);
template void gemm_batched(const GemmShape&, index_t, const float*, const index_t*, const float*,
                           const index_t*, float*, const index_t*);
template void gemm_batched(const GemmShape&, index_t, const double*, const index_t*, const double*,
                           const index_t*, double*, const index_t*);

}  // namespace heed::kernels
