// short_attention.cpp — attention of short sequences: 96 rows of P at a time, with all their keys.
//
// The numbers are the passes in attention.cpp.
#include <limits>

#include "autograd/kernels/thread_pool.h"
#include "autograd/ops/attention_kernels.h"

namespace heed::ops {

namespace {

constexpr index_t max_rows = 96;

index_t blocks_per_head(const AttentionParams& params) {
  return (params.queries() + max_rows - 1) / max_rows;
}
index_t largest_block(const AttentionParams& params) {
  return std::min(max_rows, params.queries()) * params.keys();
}
// Block i of all heads.
Block block(const AttentionParams& params, index_t i) {
  const index_t head = i / blocks_per_head(params), row = i % blocks_per_head(params) * max_rows;
  return {head, row, std::min(max_rows, params.queries() - row), 0, params.keys()};
}
// The offset of a block in a contiguous tensor (..., T, S).
index_t offset(const AttentionParams& params, const Block& b) {
  return (b.head * params.queries() + b.row) * params.keys();
}

// sums += weightsᵀ · x: adds the contribution of the block's queries to the keys of their head.
template <class T>
void add_to_keys(const Block& b, const T* weights, const MatrixBatch& x, MatrixBatch& sums) {
  kernels::gemm({.m = b.keys, .n = x.columns(), .k = b.rows, .accumulate = true},
                transposed(kernels::MatrixView<T>{weights, b.keys}), x.view<T>(b.head, b.row),
                sums.output_row<T>(b.head, 0), sums.ld);
}

// x = softmax(x) over each row of n, by the kernel for tiles, whose exp() is faster because no score
// is above the largest one. A row whose mask allows nothing becomes 0.
template <class T>
class SoftmaxRows {
 public:
  void operator()(const std::uint8_t* mask, T* x, index_t rows, index_t n) {
    std::fill_n(largest_, rows, -std::numeric_limits<T>::infinity());
    std::fill_n(sum_, rows, T(0));
    table_.softmax_tile(x, mask, x, largest_, sum_, shrink_, rows, n);
    for (index_t r = 0; r < rows; ++r, x += n) table_.axpby(sum_[r] == 0 ? 0 : 1 / sum_[r], x, 0, x, n);
  }

 private:
  const kernels::Kernels<T>& table_ = kernels::kernels<T>();
  T largest_[max_rows], sum_[max_rows], shrink_[max_rows];
};

}  // namespace

template <class T>
void short_forward(const AttentionInputs& in, MatrixBatch& y, Tensor& weights) {
  const AttentionParams& params = in.params;
  const index_t width = in.v.columns(), size = largest_block(params);
  const double flops = 2.0 * static_cast<double>(size * (in.q.columns() + width));
  const index_t blocks = params.heads() * blocks_per_head(params);
  kernels::parallel_for(blocks, kernels::gemm_ns(flops), [&](index_t begin, index_t stop) {
    BlockScores<T> scores(in);
    kernels::Workspace<T> unsaved(size), dropped(params.keep ? size : 0);
    SoftmaxRows<T> softmax;
    for (index_t i = begin; i < stop; ++i) {
      const Block b = block(params, i);
      T* p = weights.defined() ? output<T>(weights) + offset(params, b) : unsaved.data();
      // 1: S = q · kᵀ * scale (+ bias)
      scores.compute(b, p);
      // 2: P = softmax(S)
      softmax(scores.mask(b), p, b.rows, b.keys);
      // 3: O = drop(P) · v
      if (params.keep) {
        scores.draw_dropout(b);
        scores.apply_dropout(b, p, dropped.data());
        p = dropped.data();
      }
      kernels::gemm({.m = b.rows, .n = width, .k = b.keys}, kernels::MatrixView<T>{p, b.keys},
                    in.v.view<T>(b.head, 0), y.output_row<T>(b.head, b.row), y.ld);
    }
  });
}

template <class T>
void short_backward(const AttentionInputs& in, const Tensor& weights, const MatrixBatch& dy,
                    AttentionGradients& d) {
  const AttentionParams& params = in.params;
  const auto& table = kernels::kernels<T>();
  const index_t size = largest_block(params), blocks = blocks_per_head(params);
  const bool needs_scores = d.q || d.k || d.scores.defined();
  const double flops =
      4.0 * static_cast<double>(params.queries() * params.keys() * (in.q.columns() + in.v.columns()));
  // All blocks of a head add to the same dk and dv, so one thread computes a head, in a fixed order.
  kernels::parallel_for(params.heads(), kernels::gemm_ns(flops), [&](index_t begin, index_t stop) {
    BlockScores<T> scores(in);
    kernels::Workspace<T> gradient(size), dropped(params.keep ? size : 0);
    T* ds = gradient.data();
    for (index_t i = begin * blocks; i < stop * blocks; ++i) {
      const Block b = block(params, i);
      const T* p = weights.data<T>() + offset(params, b);
      if (params.keep) scores.draw_dropout(b);
      // 3: dv = drop(P)ᵀ · dO
      if (d.v) {
        if (params.keep) scores.apply_dropout(b, p, dropped.data());
        add_to_keys(b, params.keep ? dropped.data() : p, dy, *d.v);
      }
      if (!needs_scores) continue;
      // 3: dP = drop(dO · vᵀ)
      kernels::gemm({.m = b.rows, .n = b.keys, .k = in.v.columns()}, dy.view<T>(b.head, b.row),
                    transposed(in.v.view<T>(b.head, 0)), ds, b.keys);
      if (params.keep) scores.apply_dropout(b, ds, ds);
      // 2: dS = P * (dP - sum(dP * P))
      table.softmax_rows_backward(ds, p, ds, b.rows, b.keys);
      if (d.scores.defined()) std::copy_n(ds, b.size(), output<T>(d.scores) + offset(params, b));
      // 1: dq = dS · k * scale;  dk = dSᵀ · q * scale
      table.axpby(static_cast<T>(params.scale), ds, 0, ds, b.size());
      if (d.q)
        kernels::gemm({.m = b.rows, .n = in.q.columns(), .k = b.keys}, kernels::MatrixView<T>{ds, b.keys},
                      in.k.view<T>(b.head, 0), d.q->template output_row<T>(b.head, b.row), d.q->ld);
      if (d.k) add_to_keys<T>(b, ds, in.q, *d.k);
    }
  });
}

template void short_forward<float>(const AttentionInputs&, MatrixBatch&, Tensor&);
template void short_forward<double>(const AttentionInputs&, MatrixBatch&, Tensor&);
template void short_backward<float>(const AttentionInputs&, const Tensor&, const MatrixBatch&,
                                    AttentionGradients&);
template void short_backward<double>(const AttentionInputs&, const Tensor&, const MatrixBatch&,
                                     AttentionGradients&);

}  // namespace heed::ops
