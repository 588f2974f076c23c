// long_attention.cpp — attention of long sequences, one tile of at most 256 queries and 128 keys at a
// time. The scores of a tile become weights and are used while they are in the L2 cache, so memory
// grows with T + S, not with T·S.
//
// The softmax of a row needs its largest score and its sum before the first weight is known. Here
// both grow tile by tile: if a tile brings a larger score, the output so far is scaled down to it,
// and the sum divides at the end.
//
// For each row of tiles (256 queries of one head), and for each tile of 128 keys:
//
//   forward    S (256, 128) = q (256, D) · scaled kᵀ (D, 128)
//              P = exp(S - largest), in place             one pass: softmax_tile
//              O (256, Dv) = O * shrink + P · v (128, Dv)
//   backward   S as above, and dP (256, 128) = dO (256, Dv) · vᵀ (Dv, 128)
//              P and dS from S and dP, in place           one pass: softmax_tile_backward
//              dv (128, Dv) += Pᵀ · dO;  dk (128, D) += dSᵀ · q;  dq (256, D) += dS · k
//
// A tile of kᵀ, k, v or vᵀ takes 32 KB for D = 64, so it stays in the L1 cache (48 KB) while gemm
// passes over the queries. P and dS take 128 KB each. With their operands they fill two thirds of
// an L2 cache of 1 MB. kᵀ and vᵀ are copied once per head, not once per tile.
//
// The numbers are the passes in attention.cpp. Milakov, Gimelshein, "Online normalizer calculation
// for softmax", 2018; Rabe, Staats, "Self-attention does not need O(n²) memory", 2021; Dao et al.,
// "FlashAttention", 2022.
#include <limits>

#include "autograd/kernels/gemm_tiles.h"
#include "autograd/kernels/thread_pool.h"
#include "autograd/ops/attention_kernels.h"

namespace heed::ops {

namespace {

index_t ceil_div(index_t a, index_t b) { return (a + b - 1) / b; }

// The most queries and keys of a tile.
constexpr index_t tile_queries = 256, tile_keys = 128;

index_t query_tiles(const AttentionParams& params) { return ceil_div(params.queries(), tile_queries); }

// One row of tiles: consecutive queries of one head, and the tiles of keys that they may attend to.
struct TileRow {
  index_t head, row, rows;
  index_t key_tiles;  // the causal rule allows none of the later ones

  // Tile row n of all heads.
  TileRow(const AttentionParams& params, index_t n)
      : head(n / query_tiles(params)),
        row(n % query_tiles(params) * tile_queries),
        rows(std::min(tile_queries, params.queries() - row)),
        key_tiles(ceil_div(params.causal_keys(row + rows - 1), tile_keys)) {}
  // Tile j, without the queries that the causal rule allows none of its keys. Tile 0 has all queries,
  // so that every row of a result is written.
  Block block(const AttentionParams& params, index_t j) const {
    const index_t key = j * tile_keys;
    index_t skipped = 0;
    while (j > 0 && params.causal_keys(row + skipped) <= key) ++skipped;
    return {head, row + skipped, rows - skipped, key, std::min(tile_keys, params.keys() - key)};
  }
};

// x[r] *= factor[r], for rows of n elements.
template <class T>
void scale_rows(const T* factor, T* x, index_t rows, index_t n) {
  for (index_t r = 0; r < rows; ++r)
    if (factor[r] != 1) kernels::kernels<T>().axpby(factor[r], x + r * n, 0, x + r * n, n);
}

// The keys or values of one head, transposed and scaled, tile by tile. All rows of tiles of the head
// use them, and gemm reads a transposed tile in place. If there is only one row of tiles, one buffer
// serves all tiles. Each thread uses its own.
template <class T>
class TransposedTiles {
 public:
  TransposedTiles(const AttentionParams& params, const MatrixBatch& x, double scale)
      : x_(x),
        scale_(static_cast<T>(scale)),
        buffers_(query_tiles(params) == 1 ? 1 : ceil_div(params.keys(), tile_keys)),
        data_(buffers_ * tile_keys * x.columns()) {}

  // Returns the transposed tile j of a head: (columns, keys). Each row of tiles begins with tile 0.
  kernels::MatrixView<T> tile_of(index_t head, index_t j) {
    if (head != head_) done_ = 0;
    head_ = head;
    for (; done_ <= j; ++done_) transpose(done_);
    return {buffer(j), tile_keys};
  }

 private:
  T* buffer(index_t j) { return data_.data() + j % buffers_ * tile_keys * x_.columns(); }
  void transpose(index_t j) {
    T* to = buffer(j);
    const index_t keys = std::min(tile_keys, x_.tensor.size(-2) - j * tile_keys);
    table_.gemm->pack(x_.row<T>(head_, j * tile_keys), x_.ld, true, x_.columns(), keys, tile_keys, to);
    if (scale_ != 1) table_.axpby(scale_, to, 0, to, tile_keys * x_.columns());
  }

  const kernels::Kernels<T>& table_ = kernels::kernels<T>();
  const MatrixBatch& x_;
  const T scale_;
  const index_t buffers_;  // one per tile, or 1
  kernels::Workspace<T> data_;
  index_t head_ = -1, done_ = 0;  // tiles [0, done_) of head_ are transposed
};

// Computes rows of tiles. Each thread uses its own.
template <class T>
class LongForward {
 public:
  LongForward(const AttentionInputs& in, MatrixBatch& y, Tensor& stats)
      : in_(in),
        y_(y),
        stats_(stats),
        scores_(in),
        keys_(in.params, in.k, in.params.scale),
        weights_(tile_queries * tile_keys),
        shrink_(tile_queries) {}

  void operator()(const TileRow& queries) {
    const AttentionParams& params = in_.params;
    const index_t width = in_.v.columns(), rows = queries.rows;
    T* p = weights_.data();
    T* out = y_.output_row<T>(queries.head, queries.row);
    T* largest = output<T>(stats_) + queries.head * params.queries() + queries.row;
    T* sum = largest + params.heads() * params.queries();
    if (queries.key_tiles == 0) std::fill_n(out, rows * width, T(0));
    std::fill_n(largest, rows, -std::numeric_limits<T>::infinity());
    std::fill_n(sum, rows, T(0));
    for (index_t j = 0; j < queries.key_tiles; ++j) {
      const Block b = queries.block(params, j);
      const index_t skipped = b.row - queries.row;
      T* block_out = out + skipped * width;
      // 1: S = q · kᵀ * scale (+ bias)
      scores_.compute(b, keys_.tile_of(b.head, j), p);
      // 2: P = exp(S - largest), not yet divided by the sum
      table_.softmax_tile(p, scores_.mask(b), p, largest + skipped, sum + skipped, shrink_.data(), b.rows,
                          b.keys);
      if (j > 0) scale_rows(shrink_.data(), block_out, b.rows, width);
      // 3: O += drop(P) · v
      if (params.keep && j == 0) scores_.draw_dropout(b);
      if (params.keep) scores_.apply_dropout(b, p, p);
      kernels::gemm({.m = b.rows, .n = width, .k = b.keys, .accumulate = j > 0},
                    kernels::MatrixView<T>{p, b.keys}, in_.v.view<T>(b.head, b.key), block_out, width);
    }
    // Divide by the sum. A query that may attend to nothing has a sum of 0 and gives zeros.
    for (index_t r = 0; r < rows; ++r) {
      if (sum[r] == 0)
        largest[r] = 0;
      else
        sum[r] = 1 / sum[r];
    }
    scale_rows(sum, out, rows, width);
  }

 private:
  const kernels::Kernels<T>& table_ = kernels::kernels<T>();
  const AttentionInputs& in_;
  MatrixBatch& y_;
  Tensor& stats_;
  BlockScores<T> scores_;
  TransposedTiles<T> keys_;
  kernels::Workspace<T> weights_, shrink_;
};

// Computes the gradients of rows of tiles. Each thread uses its own.
//
// The sum in softmax's backward, sum(dP * P) over a row of P, equals sum(dO * O) over the short row
// of the output, so a tile needs no other tile.
template <class T>
class LongBackward {
 public:
  LongBackward(const AttentionInputs& in, const MatrixBatch& y, const Tensor& stats, const MatrixBatch& dy,
               AttentionGradients& d)
      : in_(in),
        y_(y),
        stats_(stats),
        dy_(dy),
        d_(d),
        scores_(in),
        keys_(in.params, in.k, in.params.scale),
        values_(in.params, in.v, 1),
        p_(tile_queries * tile_keys),
        ds_(tile_queries * tile_keys),
        dropped_(in.params.keep ? tile_queries * tile_keys : 0),
        products_(tile_queries * y.columns()),
        dots_(tile_queries) {}

  void operator()(const TileRow& queries) {
    compute_dots(queries);
    if (queries.row == 0) written_ = 0;
    for (index_t j = 0; j < queries.key_tiles; ++j) {
      const Block b = queries.block(in_.params, j);
      if (in_.params.keep && j == 0) scores_.draw_dropout(b);
      compute_weights_and_gradient(b, j, dots_.data() + b.row - queries.row);
      const bool adds = j < written_;
      if (d_.v) add_to_values(b, adds);
      if (d_.scores.defined()) store_scores_gradient(b);
      if (d_.q) add_to_queries(b, j > 0);
      if (d_.k) add_to_keys(b, adds);
    }
    written_ = std::max(written_, queries.key_tiles);
    clear_unattended(queries);
  }

 private:
  // dots[r] = sum(dO * O) over row r
  void compute_dots(const TileRow& queries) {
    const index_t width = y_.columns();
    table_.binary(kernels::Binary::mul, kernels::Operands::both_rows, dy_.row<T>(queries.head, queries.row),
                  y_.row<T>(queries.head, queries.row), products_.data(), queries.rows * width);
    table_.sum_rows(products_.data(), dots_.data(), queries.rows, width);
  }
  // P, from the largest scores and the sums that forward saved
  // 3: dP = drop(dO · vᵀ);  2: dS = P * (dP - sum(dP * P))
  void compute_weights_and_gradient(const Block& b, index_t j, const T* dots) {
    T *p = p_.data(), *ds = ds_.data();
    const T* largest = stats_.data<T>() + b.head * in_.params.queries() + b.row;
    const T* inverse_sum = largest + in_.params.heads() * in_.params.queries();
    scores_.compute(b, keys_.tile_of(b.head, j), p);
    kernels::gemm({.m = b.rows, .n = b.keys, .k = dy_.columns()}, dy_.view<T>(b.head, b.row),
                  values_.tile_of(b.head, j), ds, b.keys);
    if (in_.params.keep) scores_.apply_dropout(b, ds, ds);
    table_.softmax_tile_backward(p, ds, scores_.mask(b), largest, inverse_sum, dots, p, ds, b.rows, b.keys);
  }
  // The gradients of positions that take part in no tile are 0.
  void clear_unattended(const TileRow& queries) {
    const AttentionParams& params = in_.params;
    if (d_.q && queries.key_tiles == 0)
      std::fill_n(d_.q->template output_row<T>(queries.head, queries.row), queries.rows * d_.q->ld, T(0));
    const index_t key = written_ * tile_keys;
    if (queries.row + queries.rows < params.queries() || key >= params.keys()) return;
    for (auto* gradient : {&d_.k, &d_.v})
      if (*gradient)
        std::fill_n((*gradient)->template output_row<T>(queries.head, key),
                    (params.keys() - key) * (*gradient)->ld, T(0));
  }
  // 3: dv += drop(P)ᵀ · dO
  void add_to_values(const Block& b, bool adds) {
    if (in_.params.keep) scores_.apply_dropout(b, p_.data(), dropped_.data());
    const T* weights = in_.params.keep ? dropped_.data() : p_.data();
    kernels::gemm({.m = b.keys, .n = dy_.columns(), .k = b.rows, .accumulate = adds},
                  transposed(kernels::MatrixView<T>{weights, b.keys}), dy_.view<T>(b.head, b.row),
                  d_.v->template output_row<T>(b.head, b.key), d_.v->ld);
  }
  void store_scores_gradient(const Block& b) {
    const index_t keys = in_.params.keys();
    T* to = output<T>(d_.scores) + (b.head * in_.params.queries() + b.row) * keys + b.key;
    for (index_t r = 0; r < b.rows; ++r) std::copy_n(ds_.data() + r * b.keys, b.keys, to + r * keys);
  }
  // 1: dq += dS · k;  dk += dSᵀ · q. long_backward() multiplies by the scale at the end.
  void add_to_queries(const Block& b, bool adds) {
    kernels::gemm({.m = b.rows, .n = in_.k.columns(), .k = b.keys, .accumulate = adds},
                  kernels::MatrixView<T>{ds_.data(), b.keys}, in_.k.view<T>(b.head, b.key),
                  d_.q->template output_row<T>(b.head, b.row), d_.q->ld);
  }
  void add_to_keys(const Block& b, bool adds) {
    kernels::gemm({.m = b.keys, .n = in_.q.columns(), .k = b.rows, .accumulate = adds},
                  transposed(kernels::MatrixView<T>{ds_.data(), b.keys}), in_.q.view<T>(b.head, b.row),
                  d_.k->template output_row<T>(b.head, b.key), d_.k->ld);
  }

  const kernels::Kernels<T>& table_ = kernels::kernels<T>();
  const AttentionInputs& in_;
  const MatrixBatch& y_;
  const Tensor& stats_;
  const MatrixBatch& dy_;
  AttentionGradients& d_;
  BlockScores<T> scores_;
  TransposedTiles<T> keys_, values_;
  kernels::Workspace<T> p_, ds_, dropped_, products_, dots_;
  index_t written_ = 0;  // tiles of dk and dv that earlier rows of tiles of this head have written
};

}  // namespace

template <class T>
void long_forward(const AttentionInputs& in, MatrixBatch& y, Tensor& stats) {
  const AttentionParams& params = in.params;
  const index_t rows = params.heads() * query_tiles(params);
  const double flops = 2.0 * static_cast<double>(std::min(tile_queries, params.queries()) * params.keys() *
                                                 (in.q.columns() + in.v.columns()));
  kernels::parallel_for(rows, kernels::gemm_ns(flops), [&](index_t begin, index_t stop) {
    LongForward<T> forward(in, y, stats);
    for (index_t n = begin; n < stop; ++n) forward(TileRow(params, n));
  });
}

template <class T>
void long_backward(const AttentionInputs& in, const MatrixBatch& y, const Tensor& stats,
                   const MatrixBatch& dy, AttentionGradients& d) {
  const AttentionParams& params = in.params;
  const index_t rows = query_tiles(params);
  const double flops =
      4.0 * static_cast<double>(params.queries() * params.keys() * (in.q.columns() + in.v.columns()));
  // All tiles of a head add to the same dk and dv, so one thread computes a head, in a fixed order.
  kernels::parallel_for(params.heads(), kernels::gemm_ns(flops), [&](index_t begin, index_t stop) {
    LongBackward<T> backward(in, y, stats, dy, d);
    for (index_t n = begin * rows; n < stop * rows; ++n) backward(TileRow(params, n));
    for (auto* gradient : {&d.q, &d.k}) {
      if (!*gradient) continue;
      T* x = (*gradient)->template output_row<T>(begin, 0);
      const index_t n = (stop - begin) * (*gradient)->tensor.size(-2) * (*gradient)->columns();
      kernels::kernels<T>().axpby(static_cast<T>(params.scale), x, 0, x, n);
    }
  });
}

template void long_forward<float>(const AttentionInputs&, MatrixBatch&, Tensor&);
template void long_forward<double>(const AttentionInputs&, MatrixBatch&, Tensor&);
template void long_backward<float>(const AttentionInputs&, const MatrixBatch&, const Tensor&,
                                   const MatrixBatch&, AttentionGradients&);
template void long_backward<double>(const AttentionInputs&, const MatrixBatch&, const Tensor&,
                                    const MatrixBatch&, AttentionGradients&);

}  // namespace heed::ops
