// long_attention.cpp — attention of long sequences: a tile of 192 queries and 192 keys at a time. Its scores are made, turned into
// weights, used and forgotten while they are in the second-level cache; memory grows with T + S.
//
// A row of softmax needs its largest score and its sum before the first weight is known. Here they grow tile by tile: what was
// made with a smaller largest score is shrunk when a larger one comes, and the sum divides at the end.
//
// The numbers are those of attention.cpp's passes. Milakov, Gimelshein, "Online normalizer calculation for softmax", 2018; Rabe,
// Staats, "Self-attention does not need O(n²) memory", 2021; Dao et al., "FlashAttention", 2022.
#include <limits>

#include "autograd/kernels/thread_pool.h"
#include "autograd/ops/attention_call.h"

namespace heed::ops {

namespace {

// Two tiles of scores, and what is multiplied by them, are about half of a megabyte.
constexpr index_t tile = 192;

index_t tiles(index_t n) { return (n + tile - 1) / tile; }

// The queries of row n of tiles, of all heads.
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

// x[r] *= factor[r], rows of n
template <class T>
void scale_rows(const T* factor, T* x, index_t rows, index_t n) {
  for (index_t r = 0; r < rows; ++r) kernels::kernels<T>().axpby(factor[r], x + r * n, 0, x + r * n, n);
}

// A thread's part of forward.
template <class T>
class Forward {
 public:
  Forward(const Inputs& in, Matrices& y, Tensor& stats)
      : in_(in), y_(y), stats_(stats), scores_(in), room_(tile * tile), shrink_(tile) {}

  void operator()(const Queries& queries) {
    const Call& call = in_.call;
    const index_t width = in_.v.columns(), first = queries.head * call.t() + queries.row;
    T *p = room_.data(), *out = y_.output<T>(queries.head, queries.row);
    T *top = output<T>(stats_) + first, *sum = top + call.heads() * call.t();
    std::fill_n(out, queries.rows * width, T(0));
    std::fill_n(top, queries.rows, -std::numeric_limits<T>::infinity());
    std::fill_n(sum, queries.rows, T(0));
    for (index_t j = 0; j < queries.tiles_seen; ++j) {
      const Block b = queries.block(call, j);
      scores_.make(b, p);  // 1
      kernels::kernels<T>().softmax_tile(p, scores_.visible(b), p, top, sum, shrink_.data(), b.rows,
                                         b.keys);  // 2
      scale_rows(shrink_.data(), out, b.rows, width);
      if (call.keep && j == 0) scores_.draw(b);
      if (call.keep) scores_.drop(b, p, p);
      product<T>({p, b.keys}, {in_.v.at<T>(b.head, b.key), in_.v.ld}, out, width,  // 3
                 {.m = b.rows, .n = width, .k = b.keys, .accumulate = true});
    }
    for (index_t r = 0; r < queries.rows; ++r) {
      const bool none = sum[r] == 0;  // a query that may look at nothing gives zeros
      sum[r] = none ? T(0) : 1 / sum[r];
      if (none) top[r] = 0;
    }
    scale_rows(sum, out, queries.rows, width);
  }

 private:
  const Inputs& in_;
  Matrices& y_;
  Tensor& stats_;
  Scores<T> scores_;
  Room<T> room_, shrink_;
};

// A thread's part of backward. The sum of softmax's backward, sum(dP * P) over a row of P, is sum(dO * O) over the short row of
// the output: a tile needs nothing of the others.
template <class T>
class Backward {
 public:
  Backward(const Inputs& in, const Matrices& y, const Tensor& stats, const Matrices& dy,
           AttentionGradients& d)
      : in_(in),
        y_(y),
        stats_(stats),
        dy_(dy),
        d_(d),
        scores_(in),
        p_(tile * tile),
        ds_(tile * tile),
        kept_(in.call.keep ? tile * tile : 0),
        products_(tile * y.columns()),
        dots_(tile) {}

  void operator()(const Queries& queries) {
    const index_t width = y_.columns();
    table_.binary(kernels::Binary::mul, kernels::Operands::both_rows, dy_.at<T>(queries.head, queries.row),
                  y_.at<T>(queries.head, queries.row), products_.data(), queries.rows * width);
    table_.sum_rows(products_.data(), dots_.data(), queries.rows, width);
    for (index_t j = 0; j < queries.tiles_seen; ++j) {
      const Block b = queries.block(in_.call, j);
      if (in_.call.keep && j == 0) scores_.draw(b);
      make_weights(b);
      if (d_.v) add_to_values(b);
      if (!d_.q && !d_.k && !d_.scores.defined()) continue;
      make_scores_gradient(b);
      if (d_.scores.defined()) store_scores_gradient(b);
      if (d_.q) add_to_queries(b);
      if (d_.k) add_to_keys(b);
    }
  }

 private:
  // P, from what forward left of its rows
  void make_weights(const Block& b) {
    const T* top = stats_.data<T>() + b.head * in_.call.t() + b.row;
    scores_.make(b, ds_.data());
    table_.exp_tile(ds_.data(), scores_.visible(b), top, top + in_.call.heads() * in_.call.t(), p_.data(),
                    b.rows, b.keys);
  }
  // 3: dv += drop(P)ᵀ · dO
  void add_to_values(const Block& b) {
    if (in_.call.keep) scores_.drop(b, p_.data(), kept_.data());
    const T* kept = in_.call.keep ? kept_.data() : p_.data();
    product<T>({kept, b.keys, true}, {dy_.at<T>(b.head, b.row), dy_.ld},
               d_.v->template output<T>(b.head, b.key), d_.v->ld,
               {.m = b.keys, .n = dy_.columns(), .k = b.rows, .accumulate = true});
  }
  // 2: dP = drop(dO · vᵀ); dS = P * (dP - sum(dP * P))
  void make_scores_gradient(const Block& b) {
    T* ds = ds_.data();
    product<T>({dy_.at<T>(b.head, b.row), dy_.ld}, {in_.v.at<T>(b.head, b.key), in_.v.ld, true}, ds, b.keys,
               {.m = b.rows, .n = b.keys, .k = dy_.columns()});
    if (in_.call.keep) scores_.drop(b, ds, ds);
    for (index_t r = 0; r < b.rows; ++r) {
      T* row = ds + r * b.keys;
      table_.binary(kernels::Binary::sub, kernels::Operands::b_is_one, row, dots_.data() + r, row, b.keys);
    }
    table_.binary(kernels::Binary::mul, kernels::Operands::both_rows, ds, p_.data(), ds, b.size());
  }
  void store_scores_gradient(const Block& b) {
    T* to = output<T>(d_.scores) + (b.head * in_.call.t() + b.row) * in_.call.s() + b.key;
    for (index_t r = 0; r < b.rows; ++r) std::copy_n(ds_.data() + r * b.keys, b.keys, to + r * in_.call.s());
  }
  // 1: dq += dS · k, dk += dSᵀ · q; the scale is left to the end
  void add_to_queries(const Block& b) {
    product<T>({ds_.data(), b.keys}, {in_.k.at<T>(b.head, b.key), in_.k.ld},
               d_.q->template output<T>(b.head, b.row), d_.q->ld,
               {.m = b.rows, .n = in_.k.columns(), .k = b.keys, .accumulate = true});
  }
  void add_to_keys(const Block& b) {
    product<T>({ds_.data(), b.keys, true}, {in_.q.at<T>(b.head, b.row), in_.q.ld},
               d_.k->template output<T>(b.head, b.key), d_.k->ld,
               {.m = b.keys, .n = in_.q.columns(), .k = b.rows, .accumulate = true});
  }

  const kernels::Kernels<T>& table_ = kernels::kernels<T>();
  const Inputs& in_;
  const Matrices& y_;
  const Tensor& stats_;
  const Matrices& dy_;
  AttentionGradients& d_;
  Scores<T> scores_;
  Room<T> p_, ds_, kept_, products_, dots_;
};

}  // namespace

template <class T>
void long_forward(const Inputs& in, Matrices& y, Tensor& stats) {
  const Call& call = in.call;
  const double flops =
      2.0 * static_cast<double>(std::min(tile, call.t()) * call.s() * (in.q.columns() + in.v.columns()));
  kernels::parallel_for(call.heads() * tiles(call.t()), kernels::grain_for(flops),
                        [&](index_t begin, index_t stop) {
                          Forward<T> forward(in, y, stats);
                          for (index_t n = begin; n < stop; ++n) forward(Queries(call, n));
                        });
}

template <class T>
void long_backward(const Inputs& in, const Matrices& y, const Tensor& stats, const Matrices& dy,
                   AttentionGradients& d) {
  const Call& call = in.call;
  const double flops = 4.0 * static_cast<double>(call.t() * call.s() * (in.q.columns() + in.v.columns()));
  // The tiles of a head add to the same dk and dv: one after the other, whatever the number of threads.
  kernels::parallel_for(call.heads(), kernels::grain_for(flops), [&](index_t begin, index_t stop) {
    Backward<T> backward(in, y, stats, dy, d);
    for (index_t n = begin * tiles(call.t()); n < stop * tiles(call.t()); ++n) backward(Queries(call, n));
    for (auto* x : {&d.q, &d.k}) {
      if (!*x) continue;
      T* from = (*x)->template output<T>(begin, 0);
      const index_t numbers = (stop - begin) * (*x)->tensor.size(-2) * (*x)->columns();
      kernels::kernels<T>().axpby(static_cast<T>(call.scale), from, 0, from, numbers);
    }
  });
}

template void long_forward<float>(const Inputs&, Matrices&, Tensor&);
template void long_forward<double>(const Inputs&, Matrices&, Tensor&);
template void long_backward<float>(const Inputs&, const Matrices&, const Tensor&, const Matrices&,
                                   AttentionGradients&);
template void long_backward<double>(const Inputs&, const Matrices&, const Tensor&, const Matrices&,
                                    AttentionGradients&);

}  // namespace heed::ops
