// gemm.inl — the register tile: ROWS x COLUMNS accumulators, of which COLUMNS is a number of vectors.
//
// For each k: load the vectors of one row of b, then for each row of a broadcast one number
// and add its products. Every element of c is one chain of fma over k, whatever the tile, so
// all tiles give the same bits.

template <class T, int ROWS, int VECTORS, bool PARTIAL>
void tile(const T* a, index_t a_row, index_t a_column, const T* b, index_t b_row, T* c, index_t c_row,
          index_t k, index_t columns, bool accumulate) {
  using V = Vec<T>;
  V acc[ROWS][VECTORS];
#pragma GCC unroll 14
  for (int i = 0; i < ROWS; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < VECTORS; ++j) acc[i][j] = V::all(0);
  int count[VECTORS];  // elements of each vector that exist
#pragma GCC unroll 4
  for (int j = 0; j < VECTORS; ++j) {
    const index_t rest = columns - j * V::lanes;
    count[j] = rest <= 0 ? 0 : rest < V::lanes ? static_cast<int>(rest) : V::lanes;
  }
  for (index_t p = 0; p < k; ++p, a += a_column, b += b_row) {
    V row[VECTORS];
#pragma GCC unroll 4
    for (int j = 0; j < VECTORS; ++j)
      row[j] = PARTIAL ? V::load_n(b + j * V::lanes, count[j]) : V::load(b + j * V::lanes);
#pragma GCC unroll 14
    for (int i = 0; i < ROWS; ++i) {
      const V x = V::all(a[i * a_row]);
#pragma GCC unroll 4
      for (int j = 0; j < VECTORS; ++j) acc[i][j] = fma(x, row[j], acc[i][j]);
    }
  }
#pragma GCC unroll 14
  for (int i = 0; i < ROWS; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < VECTORS; ++j) {
      T* to = c + i * c_row + j * V::lanes;
      if (PARTIAL) {
        if (count[j] == 0) continue;
        (accumulate ? V::load_n(to, count[j]) + acc[i][j] : acc[i][j]).store_n(to, count[j]);
      } else {
        (accumulate ? V::load(to) + acc[i][j] : acc[i][j]).store(to);
      }
    }
}

template <class T, int ROWS, int VECTORS>
struct Fill {  // the kernels for 1 … ROWS rows
  static void into(GemmTile<T>& t) {
    t.full[ROWS] = tile<T, ROWS, VECTORS, false>;
    t.partial[ROWS] = tile<T, ROWS, VECTORS, true>;
    if constexpr (ROWS > 1) Fill<T, ROWS - 1, VECTORS>::into(t);
  }
};

template <class T, int ROWS, int VECTORS>
GemmTile<T> make_tile() {
  GemmTile<T> t{};
  t.rows = ROWS;
  t.columns = VECTORS * Vec<T>::lanes;
  Fill<T, ROWS, VECTORS>::into(t);
  return t;
}

template <class T>
void pack(const T* b, index_t ldb, bool transposed, index_t k, index_t columns, index_t width, T* packed) {
  if (!transposed) {
    for (index_t p = 0; p < k; ++p, b += ldb, packed += width) {
      sweep(b, packed, columns, [](Vec<T> v) INLINE_LAMBDA { return v; });
      for (index_t j = columns; j < width; ++j) packed[j] = 0;
    }
    return;
  }
  // Squares of 16: both the rows that are read and the columns that are written stay in the cache.
  constexpr index_t square = 16;
  for (index_t p0 = 0; p0 < k; p0 += square) {
    const index_t p1 = p0 + square < k ? p0 + square : k;
    for (index_t j0 = 0; j0 < width; j0 += square)
      for (index_t j = j0; j < j0 + square && j < width; ++j)
        for (index_t p = p0; p < p1; ++p) packed[p * width + j] = j < columns ? b[j * ldb + p] : T(0);
  }
}

// As many chains as hide the latency of two fma units (4 cycles each) with room to spare.
template <class T>
double fma_peak(index_t rounds, T* sink) {
  using V = Vec<T>;
  constexpr int chains = 12;
  V acc[chains];
  const V x = V::load(sink), y = V::all(T(0.5));
#pragma GCC unroll 12
  for (int i = 0; i < chains; ++i) acc[i] = V::all(T(i));
  for (index_t r = 0; r < rounds; ++r)
#pragma GCC unroll 12
    for (int i = 0; i < chains; ++i) acc[i] = fma(acc[i], y, x);
  V total = acc[0];
#pragma GCC unroll 12
  for (int i = 1; i < chains; ++i) total = total + acc[i];
  total.store(sink);
  return 2.0 * chains * V::lanes * static_cast<double>(rounds);
}

// 24 accumulators for 32 registers (AVX-512), 12 for 16 (AVX2, portable), 24 for 32 (NEON): WIDE, MIDDLE and
// NARROW are the tiles of TILES_…, set by the file of the instruction set.
template <class T>
const GemmKernels<T>& gemm_kernels() {
  static const GemmKernels<T> kernels = {
      {make_tile<T, WIDE_ROWS, WIDE_VECTORS>(), make_tile<T, MIDDLE_ROWS, MIDDLE_VECTORS>(),
       make_tile<T, NARROW_ROWS, 1>()},
      pack<T>,
      fma_peak<T>};
  return kernels;
}
