// gemm.inl — the register tile: ROWS x VECTORS vectors of accumulators.
//
// For each step along k, the tile loads the vectors of one row of b. Then it broadcasts one element
// of each row of a and accumulates the products. Every element of c is one chain of fma over k in
// every tile, so all tiles give the same bits.

template <class T, int ROWS, int VECTORS, bool PARTIAL>
void tile(const T* a, index_t a_row, index_t a_column, const T* b, index_t b_row, T* c, index_t c_row,
          index_t k, index_t columns, bool accumulate) {
  using V = Vec<T>;
  V acc[ROWS][VECTORS];
  HEED_UNROLL(14)
  for (int i = 0; i < ROWS; ++i) {
    HEED_UNROLL(4)
    for (int j = 0; j < VECTORS; ++j) acc[i][j] = V::all(0);
  }
  int count[VECTORS];  // elements of each vector that are within `columns`
  HEED_UNROLL(4)
  for (int j = 0; j < VECTORS; ++j) {
    const index_t rest = columns - j * V::lanes;
    count[j] = rest <= 0 ? 0 : rest < V::lanes ? static_cast<int>(rest) : V::lanes;
  }
  const auto add_products = [&](index_t row_step, index_t column_step, index_t b_step) INLINE_LAMBDA {
    HEED_UNROLL(4)
    for (index_t p = 0; p < k; ++p, a += column_step, b += b_step) {
      V row[VECTORS];
      HEED_UNROLL(4)
      for (int j = 0; j < VECTORS; ++j)
        row[j] = PARTIAL ? V::load_n(b + j * V::lanes, count[j]) : V::load(b + j * V::lanes);
      HEED_UNROLL(14)
      for (int i = 0; i < ROWS; ++i) {
        const V x = V::all(a[i * row_step]);
        HEED_UNROLL(4)
        for (int j = 0; j < VECTORS; ++j) acc[i][j] = fma(x, row[j], acc[i][j]);
      }
    }
  };
  // A step that the compiler knows becomes part of an address. Otherwise it costs an
  // instruction instead of an fma.
  constexpr index_t width = VECTORS * V::lanes;
  if (!PARTIAL && a_row == 1 && a_column == ROWS && b_row == width)  // both are packed
    add_products(1, ROWS, width);
  else if (!PARTIAL && a_column == 1)
    add_products(a_row, 1, b_row);
  else
    add_products(a_row, a_column, b_row);
  HEED_UNROLL(14)
  for (int i = 0; i < ROWS; ++i) {
    HEED_UNROLL(4)
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
}

template <class T, int ROWS, int VECTORS>
struct FillTile {
  // Fills in the kernels for 1 … ROWS rows.
  static void into(GemmTile<T>& t) {
    t.full[ROWS] = tile<T, ROWS, VECTORS, false>;
    t.partial[ROWS] = tile<T, ROWS, VECTORS, true>;
    if constexpr (ROWS > 1) FillTile<T, ROWS - 1, VECTORS>::into(t);
  }
};

template <class T, int ROWS, int VECTORS>
GemmTile<T> make_tile() {
  GemmTile<T> t{};
  t.rows = ROWS;
  t.columns = VECTORS * Vec<T>::lanes;
  FillTile<T, ROWS, VECTORS>::into(t);
  return t;
}

// Computes at most 4 columns. A tile would use at most 4 lanes of each vector. Here each vector of
// accumulators consists of quads: 4 columns of several rows. Every element of c is the same chain
// of fma as in a tile.
template <class T, int VECTORS>
void quads(const T* a, index_t a_row, index_t a_column, const T* b, index_t b_row, T* c, index_t c_row,
           index_t k, index_t columns, bool accumulate) {
  using V = Vec<T>;
  constexpr int rows = V::lanes / 4;
  const int n = static_cast<int>(columns);
  V acc[VECTORS];
  HEED_UNROLL(9)
  for (int i = 0; i < VECTORS; ++i) acc[i] = V::all(0);
  const auto add_products = [&](auto load_b) INLINE_LAMBDA {
    index_t p = 0;
    if (a_column == 1)
      for (; p + 4 <= k; p += 4, a += 4, b += 4 * b_row) {
        const V y0 = load_b(b), y1 = load_b(b + b_row), y2 = load_b(b + 2 * b_row),
                y3 = load_b(b + 3 * b_row);
        HEED_UNROLL(9)
        for (int i = 0; i < VECTORS; ++i) {
          const V x = load_quads(a + i * rows * a_row, a_row);
          acc[i] = fma(fill_quads<0>(x), y0, acc[i]);
          acc[i] = fma(fill_quads<1>(x), y1, acc[i]);
          acc[i] = fma(fill_quads<2>(x), y2, acc[i]);
          acc[i] = fma(fill_quads<3>(x), y3, acc[i]);
        }
      }
    if (a_row == 1)
      for (; p < k; ++p, a += a_column, b += b_row) {
        const V y = load_b(b);
        HEED_UNROLL(9)
        for (int i = 0; i < VECTORS; ++i) acc[i] = fma(spread_quad(a + i * rows), y, acc[i]);
      }
    for (; p < k; ++p, a += a_column, b += b_row) {
      const V y = load_b(b);
      HEED_UNROLL(9)
      for (int i = 0; i < VECTORS; ++i) acc[i] = fma(spread_quad(a + i * rows * a_row, a_row), y, acc[i]);
    }
  };
  if (columns == 4)
    add_products([](const T* from) INLINE_LAMBDA { return repeat_quad(from); });
  else
    add_products([n](const T* from) INLINE_LAMBDA { return repeat_quad(from, n); });
  HEED_UNROLL(9)
  for (int i = 0; i < VECTORS; ++i) {
    T* to = c + i * rows * c_row;
    if (accumulate) acc[i] = load_quads_n(to, c_row, n) + acc[i];
    store_quads_n(acc[i], to, c_row, n);
  }
}

// Fills in the kernels for 1 … VECTORS vectors, if the vectors are long enough.
template <class T, int VECTORS>
void fill_quads_table(GemmKernels<T>& kernels) {
  if constexpr (VECTORS > 0 && Vec<T>::lanes == 16) {
    kernels.quad_rows = Vec<T>::lanes / 4;
    kernels.quads[VECTORS] = quads<T, VECTORS>;
    fill_quads_table<T, VECTORS - 1>(kernels);
  }
}

// Transposes a square of vectors. Zipping the first half of the rows with the second half moves the
// highest bit of each element's flat index to the lowest. After log2(lanes) rounds, row and column
// are exchanged.
template <class T>
INLINE void transpose(Vec<T> (&rows)[Vec<T>::lanes]) {
  constexpr int n = Vec<T>::lanes;
  Vec<T> zipped[n];
  HEED_UNROLL(4)
  for (int step = 1; step < n; step *= 2) {
    HEED_UNROLL(8)
    for (int i = 0; i < n / 2; ++i) {
      zipped[2 * i] = zip_low(rows[i], rows[i + n / 2]);
      zipped[2 * i + 1] = zip_high(rows[i], rows[i + n / 2]);
    }
    HEED_UNROLL(16)
    for (int i = 0; i < n; ++i) rows[i] = zipped[i];
  }
}

// Loads the first `depth` elements of rows [0, columns) of b, and zeros elsewhere.
template <class T>
INLINE void load_square(const T* b, index_t ldb, index_t columns, int depth, Vec<T> (&rows)[Vec<T>::lanes]) {
  using V = Vec<T>;
  if (columns >= V::lanes && depth == V::lanes) {
    HEED_UNROLL(16)
    for (int j = 0; j < V::lanes; ++j) rows[j] = V::load(b + j * ldb);
    return;
  }
  HEED_UNROLL(16)
  for (int j = 0; j < V::lanes; ++j) rows[j] = j < columns ? V::load_n(b + j * ldb, depth) : V::all(0);
}

// Packs fewer columns than a vector has lanes. A whole vector writes past its row, and the next row
// overwrites the excess. The last rows store only their own elements.
template <class T>
void pack_narrow(const T* b, index_t ldb, index_t k, index_t columns, T* packed) {
  using V = Vec<T>;
  const int count = static_cast<int>(columns);
  index_t p = 0;
  for (; (k - p) * columns >= V::lanes; ++p, b += ldb, packed += columns) V::load_n(b, count).store(packed);
  for (; p < k; ++p, b += ldb, packed += columns) V::load_n(b, count).store_n(packed, count);
}

// Transposes one square of b to rows of `width` elements. It is not inlined: in a loop, the compiler
// would keep a pointer for each row of the square, and most of them in memory.
template <class T>
__attribute__((noinline)) void pack_square(const T* b, index_t ldb, index_t columns, int depth, T* packed,
                                           index_t width) {
  constexpr index_t lanes = Vec<T>::lanes;
  Vec<T> square[lanes];
  // Rows a power of two apart conflict in the L1 cache: prefetch the next elements into L2.
  HEED_UNROLL(16)
  for (int q = 0; q < lanes; ++q) __builtin_prefetch(b + q * ldb + 8 * lanes, 0, 2);
  load_square(b, ldb, columns, depth, square);
  transpose(square);
  HEED_UNROLL(16)
  for (int q = 0; q < lanes; ++q)
    if (q < depth) square[q].store(packed + q * width);
}

template <class T>
void pack_transposed(const T* b, index_t ldb, index_t k, index_t columns, index_t width, T* packed) {
  constexpr index_t lanes = Vec<T>::lanes;
  for (index_t j = 0; j < width; j += lanes)
    for (index_t p = 0; p < k; p += lanes) {
      const int depth = k - p < lanes ? static_cast<int>(k - p) : static_cast<int>(lanes);
      pack_square(b + j * ldb + p, ldb, columns - j, depth, packed + p * width + j, width);
    }
}

template <class T>
void pack(const T* b, index_t ldb, bool transposed, index_t k, index_t columns, index_t width, T* packed) {
  if (transposed) return pack_transposed(b, ldb, k, columns, width, packed);
  if (columns == width && columns < Vec<T>::lanes) return pack_narrow(b, ldb, k, columns, packed);
  for (index_t p = 0; p < k; ++p, b += ldb, packed += width) {
    sweep(b, packed, columns, [](Vec<T> v) INLINE_LAMBDA { return v; });
    for (index_t j = columns; j < width; ++j) packed[j] = 0;
  }
}

// Dot products of ROWS rows of a with all rows of b, both read along k. This is a single token's
// step through a layer, and reading b takes all the time. Four rows of b are read at a time, as
// streams that the CPU can prefetch. Each result is the sum of one chain per lane.
template <class T, int ROWS>
void dots(const T* a, index_t lda, const T* b, index_t ldb, T* c, index_t ldc, index_t n, index_t k,
          bool accumulate) {
  using V = Vec<T>;
  constexpr int at_once = 4;
  for (index_t j = 0; j < n; j += at_once) {
    const int columns = n - j < at_once ? static_cast<int>(n - j) : at_once;
    const T* row[at_once];  // rows of b; missing ones repeat the last row
    for (int q = 0; q < at_once; ++q) row[q] = b + (j + (q < columns ? q : columns - 1)) * ldb;
    V acc[ROWS][at_once];
    HEED_UNROLL(4)
    for (int i = 0; i < ROWS; ++i) {
      HEED_UNROLL(4)
      for (int q = 0; q < at_once; ++q) acc[i][q] = V::all(0);
    }
    const auto step = [&](index_t p, auto load) INLINE_LAMBDA {
      V x[ROWS];
      HEED_UNROLL(4)
      for (int i = 0; i < ROWS; ++i) x[i] = load(a + i * lda + p);
      HEED_UNROLL(4)
      for (int q = 0; q < at_once; ++q) {
        const V y = load(row[q] + p);
        HEED_UNROLL(4)
        for (int i = 0; i < ROWS; ++i) acc[i][q] = fma(x[i], y, acc[i][q]);
      }
    };
    index_t p = 0;
    for (; p + V::lanes <= k; p += V::lanes)
      step(p, [](const T* from) INLINE_LAMBDA { return V::load(from); });
    const int rest = static_cast<int>(k - p);
    if (rest > 0) step(p, [rest](const T* from) INLINE_LAMBDA { return V::load_n(from, rest); });
    HEED_UNROLL(4)
    for (int i = 0; i < ROWS; ++i) {
      HEED_UNROLL(4)
      for (int q = 0; q < at_once; ++q)
        if (q < columns) {
          T* to = c + i * ldc + j + q;
          *to = (accumulate ? *to : T(0)) + acc[i][q].sum();
        }
    }
  }
}

// Twelve chains cover the latency of two fma units of 4 cycles each.
template <class T>
double fma_peak(index_t rounds, T* sink) {
  using V = Vec<T>;
  constexpr int chains = 12;
  V acc[chains];
  const V x = V::load(sink), y = V::all(T(0.5));
  HEED_UNROLL(12)
  for (int i = 0; i < chains; ++i) acc[i] = V::all(T(i));
  for (index_t r = 0; r < rounds; ++r) {
    HEED_UNROLL(12)
    for (int i = 0; i < chains; ++i) acc[i] = fma(acc[i], y, x);
  }
  V total = acc[0];
  HEED_UNROLL(12)
  for (int i = 1; i < chains; ++i) total = total + acc[i];
  total.store(sink);
  return 2.0 * chains * V::lanes * static_cast<double>(rounds);
}

// The file of each instruction set defines WIDE, MIDDLE and NARROW tiles for its registers: 24
// accumulators for 32 registers (AVX-512, NEON), 8 to 12 for 16 registers (AVX2, portable).
template <class T>
const GemmKernels<T>& gemm_kernels() {
  static const GemmKernels<T> kernels = [] {
    GemmKernels<T> filled = {
        .tiles = {make_tile<T, WIDE_ROWS, WIDE_VECTORS>(), make_tile<T, MIDDLE_ROWS, MIDDLE_VECTORS>(),
                  make_tile<T, NARROW_ROWS, 1>()},
        .quad_rows = 0,
        .quads = {},
        .pack = pack<T>,
        .dots = {nullptr, dots<T, 1>, dots<T, 2>, dots<T, 3>, dots<T, 4>},
        .fma_peak = fma_peak<T>};
    fill_quads_table<T, max_quad_vectors>(filled);
    return filled;
  }();
  return kernels;
}
