// long_attention.cpp — attention of long sequences: a tile of 192 queries and 192 keys at a time. Its scores are made, turned into
// weights, used and forgotten while they are in the second-level cache; memory grows with T + S.
//
// A row of softmax needs its largest score and its sum before the first weight is known. Here they grow tile by tile: what was
// made with a smaller largest score is shrunk when a larger one comes, and the sum divides at the end.
//
// Milakov, Gimelshein, "Online normalizer calculation for softmax", 2018; Rabe, Staats, "Self-attention does not need O(n²)
// memory", 2021; Dao et al., "FlashAttention", 2022.
#include <limits>

#include "autograd/kernels/thread_pool.h"
#include "autograd/ops/attention_call.h"

namespace heed::ops {

namespace {

// Two tiles of scores, and what is multiplied by them, are about half of a megabyte.
constexpr index_t tile = 192;

index_t tiles(index_t n) { return (n + tile - 1) / tile; }

// The queries of a row of tiles, and the tile of them at column j.
struct Queries {
  index_t head, row, rows, tiles_seen;  // the last of them sees the most

  Queries(const Call& call, index_t n)
      : head(n / tiles(call.t())),
        row(n % tiles(call.t()) * tile),
        rows(std::min(tile, call.t() - row)),
        tiles_seen(tiles(call.seen(row + rows - 1))) {}
  Block block(const Call& call, index_t j) const {
    return {head, row, rows, j * tile, std::min(tile, call.s() - j * tile)};
  }
};

// ds = p * (ds - dots[row]): softmax's backward, of which the row's sum is known.
template <class T>
void softmax_backward(const Block& b, const T* p, const T* dots, T* ds) {
  const auto& table = kernels::kernels<T>();
  for (index_t r = 0; r < b.rows; ++r) {
    T* row = ds + r * b.keys;
    table.binary(kernels::Binary::sub, kernels::Operands::b_is_one, row, dots + r, row, b.keys);
  }
  table.binary(kernels::Binary::mul, kernels::Operands::both_rows, ds, p, ds, b.size());
}

// ds, of one tile, to its place among all scores.
template <class T>
void keep_scores(const Call& call, const Block& b, const T* ds, Tensor& scores) {
  T* to = output<T>(scores) + (b.head * call.t() + b.row) * call.s() + b.key;
  for (index_t r = 0; r < b.rows; ++r) std::copy_n(ds + r * b.keys, b.keys, to + r * call.s());
}

}  // namespace

template <class T>
void long_forward(const Call& call, const Matrices& q, const Matrices& k, const Matrices& v,
                  const Tensor& bias, Matrices& y, Tensor& stats) {
  const index_t width = q.columns(), dv = v.columns(), rows_of_tiles = tiles(call.t());
  const auto& table = kernels::kernels<T>();
  const double flops = 2.0 * static_cast<double>(std::min(tile, call.t()) * call.s() * (width + dv));
  kernels::parallel_for(
      call.heads() * rows_of_tiles, worth_a_thread(flops), [&](index_t begin, index_t stop) {
        Scores<T> scores(call, bias);
        Room<T> room(tile * tile), room_shrink(tile);
        T *p = room.data(), *shrink = room_shrink.data();
        for (index_t n = begin; n < stop; ++n) {
          const Queries at(call, n);
          const auto [head, row, rows, tiles_seen] = at;
          T *out = y.output<T>(head, row), *top = output<T>(stats) + head * call.t() + row,
            *sum = top + call.heads() * call.t();
          std::fill_n(out, rows * dv, T(0));
          std::fill_n(top, rows, -std::numeric_limits<T>::infinity());
          std::fill_n(sum, rows, T(0));
          for (index_t j = 0; j < tiles_seen; ++j) {
            const Block b = at.block(call, j);
            scores.make(b, q.at<T>(head, b.row), q.ld, k.at<T>(head, b.key), k.ld, width, p);  // 1
            table.softmax_tile(p, scores.visible(b), p, top, sum, shrink, rows, b.keys);       // 2
            for (index_t r = 0; r < rows; ++r) table.axpby(shrink[r], out + r * dv, 0, out + r * dv, dv);
            if (call.keep && j == 0) scores.draw(b);
            if (call.keep) scores.drop(b, p, p);
            product(false, p, b.keys, false, v.at<T>(head, b.key), v.ld, out, dv, rows, dv, b.keys,
                    true);  // 3
          }
          for (index_t r = 0; r < rows; ++r) {
            const bool none = sum[r] == 0;  // a query that may look at nothing gives zeros
            sum[r] = none ? T(0) : 1 / sum[r];
            if (none) top[r] = 0;
            table.axpby(sum[r], out + r * dv, 0, out + r * dv, dv);
          }
        }
      });
}

// The sum of softmax's backward, sum(dP * P) over a row of P, is sum(dO * O) over the short row of the output.
template <class T>
void long_backward(const Call& call, const Matrices& q, const Matrices& k, const Matrices& v,
                   const Tensor& bias, const Matrices& y, const Tensor& stats, const Matrices& dy,
                   AttentionGradients& d) {
  const index_t width = q.columns(), dv = v.columns(), rows_of_tiles = tiles(call.t());
  const auto& table = kernels::kernels<T>();
  const double flops = 4.0 * static_cast<double>(call.t() * call.s() * (width + dv));
  // The tiles of a head add to the same dk and dv: one after the other, whatever the number of threads.
  kernels::parallel_for(call.heads(), worth_a_thread(flops), [&](index_t begin, index_t stop) {
    Scores<T> scores(call, bias);
    Room<T> room_p(tile * tile), room_ds(tile * tile), room_kept(call.keep ? tile * tile : 0),
        products(tile * dv), dots(tile);
    T *p = room_p.data(), *ds = room_ds.data(), *kept = call.keep ? room_kept.data() : p;
    for (index_t n = begin * rows_of_tiles; n < stop * rows_of_tiles; ++n) {
      const Queries at(call, n);
      const auto [head, row, rows, tiles_seen] = at;
      const T *top = stats.data<T>() + head * call.t() + row, *factor = top + call.heads() * call.t();
      const T* go = dy.at<T>(head, row);
      table.binary(kernels::Binary::mul, kernels::Operands::both_rows, go, y.at<T>(head, row),
                   products.data(), rows * dv);
      table.sum_rows(products.data(), dots.data(), rows, dv);
      for (index_t j = 0; j < tiles_seen; ++j) {
        const Block b = at.block(call, j);
        scores.make(b, q.at<T>(head, row), q.ld, k.at<T>(head, b.key), k.ld, width, ds);
        table.exp_tile(ds, scores.visible(b), top, factor, p, rows, b.keys);
        if (call.keep && j == 0) scores.draw(b);
        if (d.v) {  // 3
          if (call.keep) scores.drop(b, p, kept);
          product(true, kept, b.keys, false, go, dv, d.v->template output<T>(head, b.key), dv, b.keys, dv,
                  rows, true);
        }
        if (!d.q && !d.k && !d.scores.defined()) continue;
        product(false, go, dv, true, v.at<T>(head, b.key), v.ld, ds, b.keys, rows, b.keys, dv);
        if (call.keep) scores.drop(b, ds, ds);
        softmax_backward(b, p, dots.data(), ds);  // 2
        if (d.scores.defined()) keep_scores(call, b, ds, d.scores);
        if (d.q)  // 1
          product(false, ds, b.keys, false, k.at<T>(head, b.key), k.ld, d.q->template output<T>(head, row),
                  width, rows, width, b.keys, true);
        if (d.k)
          product(true, ds, b.keys, false, q.at<T>(head, row), width, d.k->template output<T>(head, b.key),
                  width, b.keys, width, rows, true);
      }
    }
    const T scale = static_cast<T>(call.scale);
    for (auto* x : {&d.q, &d.k}) {
      if (!*x) continue;
      T* from = (*x)->template output<T>(begin, 0);
      table.axpby(scale, from, 0, from, (stop - begin) * (*x)->tensor.size(-2) * width);
    }
  });
}

template void long_forward<float>(const Call&, const Matrices&, const Matrices&, const Matrices&,
                                  const Tensor&, Matrices&, Tensor&);
template void long_forward<double>(const Call&, const Matrices&, const Matrices&, const Matrices&,
                                   const Tensor&, Matrices&, Tensor&);
template void long_backward<float>(const Call&, const Matrices&, const Matrices&, const Matrices&,
                                   const Tensor&, const Matrices&, const Tensor&, const Matrices&,
                                   AttentionGradients&);
template void long_backward<double>(const Call&, const Matrices&, const Matrices&, const Matrices&,
                                    const Tensor&, const Matrices&, const Tensor&, const Matrices&,
                                    AttentionGradients&);

}  // namespace heed::ops
