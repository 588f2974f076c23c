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
  UNROLL(14)
  for (int i = 0; i < ROWS; ++i) {
    UNROLL(4)
    for (int j = 0; j < VECTORS; ++j) acc[i][j] = V::all(0);
  }
  int count[VECTORS];  // elements of each vector that exist
  UNROLL(4)
  for (int j = 0; j < VECTORS; ++j) {
    const index_t rest = columns - j * V::lanes;
    count[j] = rest <= 0 ? 0 : rest < V::lanes ? static_cast<int>(rest) : V::lanes;
  }
  const auto add_products = [&](index_t row_step, index_t column_step, index_t b_step) INLINE_LAMBDA {
    UNROLL(4)
    for (index_t p = 0; p < k; ++p, a += column_step, b += b_step) {
      V row[VECTORS];
      UNROLL(4)
      for (int j = 0; j < VECTORS; ++j)
        row[j] = PARTIAL ? V::load_n(b + j * V::lanes, count[j]) : V::load(b + j * V::lanes);
      UNROLL(14)
      for (int i = 0; i < ROWS; ++i) {
        const V x = V::all(a[i * row_step]);
        UNROLL(4)
        for (int j = 0; j < VECTORS; ++j) acc[i][j] = fma(x, row[j], acc[i][j]);
      }
    }
  };
  // A step that the compiler knows is a part of an address; another one is an instruction more, in the place of an fma.
  constexpr index_t width = VECTORS * V::lanes;
  if (!PARTIAL && a_row == 1 && a_column == ROWS && b_row == width)  // both packed
    add_products(1, ROWS, width);
  else if (!PARTIAL && a_column == 1)
    add_products(a_row, 1, b_row);
  else
    add_products(a_row, a_column, b_row);
  UNROLL(14)
  for (int i = 0; i < ROWS; ++i) {
    UNROLL(4)
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

// A square of vectors, rows to columns. Zipping the first half of the rows with the second moves the highest bit of an
// element's place to the lowest; after log2(lanes) times, row and column have changed places.
template <class T>
INLINE void transpose(Vec<T> (&rows)[Vec<T>::lanes]) {
  constexpr int n = Vec<T>::lanes;
  Vec<T> zipped[n];
  UNROLL(4)
  for (int step = 1; step < n; step *= 2) {
    UNROLL(8)
    for (int i = 0; i < n / 2; ++i) {
      zipped[2 * i] = zip_low(rows[i], rows[i + n / 2]);
      zipped[2 * i + 1] = zip_high(rows[i], rows[i + n / 2]);
    }
    UNROLL(16)
    for (int i = 0; i < n; ++i) rows[i] = zipped[i];
  }
}

// The first `depth` numbers of rows [0, columns) of b, zeros elsewhere.
template <class T>
INLINE void load_square(const T* b, index_t ldb, index_t columns, int depth, Vec<T> (&rows)[Vec<T>::lanes]) {
  using V = Vec<T>;
  if (columns >= V::lanes && depth == V::lanes) {
    UNROLL(16)
    for (int j = 0; j < V::lanes; ++j) rows[j] = V::load(b + j * ldb);
    return;
  }
  UNROLL(16)
  for (int j = 0; j < V::lanes; ++j) rows[j] = j < columns ? V::load_n(b + j * ldb, depth) : V::all(0);
}

// Fewer columns than a vector has lanes. What a whole vector writes too much, the next rows write over; the last ones write
// no more than is theirs.
template <class T>
void pack_narrow(const T* b, index_t ldb, index_t k, index_t columns, T* packed) {
  using V = Vec<T>;
  const int count = static_cast<int>(columns);
  index_t p = 0;
  for (; (k - p) * columns >= V::lanes; ++p, b += ldb, packed += columns) V::load_n(b, count).store(packed);
  for (; p < k; ++p, b += ldb, packed += columns) V::load_n(b, count).store_n(packed, count);
}

template <class T>
void pack_transposed(const T* b, index_t ldb, index_t k, index_t columns, index_t width, T* packed) {
  constexpr index_t lanes = Vec<T>::lanes;
  for (index_t j = 0; j < width; j += lanes)
    for (index_t p = 0; p < k; p += lanes) {
      const int depth = k - p < lanes ? static_cast<int>(k - p) : static_cast<int>(lanes);
      Vec<T> square[lanes];
      // Rows a power of two apart fall into the same few places of the first-level cache: what comes is called to the second.
      UNROLL(16)
      for (int q = 0; q < lanes; ++q) __builtin_prefetch(b + (j + q) * ldb + p + 8 * lanes, 0, 2);
      load_square(b + j * ldb + p, ldb, columns - j, depth, square);
      transpose<T>(square);
      UNROLL(16)
      for (int q = 0; q < lanes; ++q)
        if (q < depth) square[q].store(packed + (p + q) * width + j);
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

// ROWS rows of a against all rows of b, both read along k: a token's step through a layer, where reading b once is all the work.
// Four rows of b at a time, as streams that the CPU sees coming; each number is the sum of one chain a lane.
template <class T, int ROWS>
void dots(const T* a, index_t lda, const T* b, index_t ldb, T* c, index_t ldc, index_t n, index_t k,
          bool accumulate) {
  using V = Vec<T>;
  constexpr int at_once = 4;
  for (index_t j = 0; j < n; j += at_once) {
    const int columns = n - j < at_once ? static_cast<int>(n - j) : at_once;
    const T* row[at_once];  // of b; one that is not there is the last one once more
    for (int q = 0; q < at_once; ++q) row[q] = b + (j + (q < columns ? q : columns - 1)) * ldb;
    V acc[ROWS][at_once];
    UNROLL(4)
    for (int i = 0; i < ROWS; ++i) {
      UNROLL(4)
      for (int q = 0; q < at_once; ++q) acc[i][q] = V::all(0);
    }
    const auto step = [&](index_t p, auto load) INLINE_LAMBDA {
      V x[ROWS];
      UNROLL(4)
      for (int i = 0; i < ROWS; ++i) x[i] = load(a + i * lda + p);
      UNROLL(4)
      for (int q = 0; q < at_once; ++q) {
        const V y = load(row[q] + p);
        UNROLL(4)
        for (int i = 0; i < ROWS; ++i) acc[i][q] = fma(x[i], y, acc[i][q]);
      }
    };
    index_t p = 0;
    for (; p + V::lanes <= k; p += V::lanes)
      step(p, [](const T* from) INLINE_LAMBDA { return V::load(from); });
    const int rest = static_cast<int>(k - p);
    if (rest > 0) step(p, [rest](const T* from) INLINE_LAMBDA { return V::load_n(from, rest); });
    UNROLL(4)
    for (int i = 0; i < ROWS; ++i) {
      UNROLL(4)
      for (int q = 0; q < at_once; ++q)
        if (q < columns) {
          T* to = c + i * ldc + j + q;
          *to = (accumulate ? *to : T(0)) + acc[i][q].sum();
        }
    }
  }
}

// As many chains as hide the latency of two fma units (4 cycles each) with room to spare.
template <class T>
double fma_peak(index_t rounds, T* sink) {
  using V = Vec<T>;
  constexpr int chains = 12;
  V acc[chains];
  const V x = V::load(sink), y = V::all(T(0.5));
  UNROLL(12)
  for (int i = 0; i < chains; ++i) acc[i] = V::all(T(i));
  for (index_t r = 0; r < rounds; ++r) {
    UNROLL(12)
    for (int i = 0; i < chains; ++i) acc[i] = fma(acc[i], y, x);
  }
  V total = acc[0];
  UNROLL(12)
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
      {nullptr, dots<T, 1>, dots<T, 2>, dots<T, 3>, dots<T, 4>},
      fma_peak<T>};
  return kernels;
}
