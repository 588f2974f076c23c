// fused_attention.cpp — attention as one op, some queries at a time: their rows of weights are made, used and forgotten, so
// that the (T, S) matrix is never whole. Memory grows with T + S, and the rows stay in the cache while they are worked on.
//
// Rabe, Staats, "Self-attention does not need O(n²) memory", 2021; Dao et al., "FlashAttention", 2022.
#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "autograd/kernels/gemm.h"
#include "autograd/ops/attention.h"
#include "autograd/ops/common.h"
#include "autograd/ops/keep_rule.h"

namespace heed {

namespace {

// Scores in work at a time: 96 queries of 4,096 keys, fewer queries where there are more keys.
constexpr index_t scores_at_once = index_t{384} * 1024;
// A (T, S) up to this is kept for backward: cheaper than making it again.
constexpr index_t scores_kept = index_t{256} * 256;
// Less work than this is not worth waking a thread.
constexpr double inline_flops = 2e6;

// Where each matrix of a batch begins: all axes but the last two, at any stride.
std::vector<index_t> beginnings(const Shape& shape, const Strides& strides) {
  std::vector<index_t> result{0};
  for (int axis = 0; axis + 2 < shape.rank(); ++axis) {
    std::vector<index_t> next;
    next.reserve(result.size() * static_cast<std::size_t>(shape[axis]));
    for (const index_t start : result)
      for (index_t i = 0; i < shape[axis]; ++i) next.push_back(start + i * strides[axis]);
    result = std::move(next);
  }
  return result;
}

// (..., rows, columns) as a batch of matrices that gemm reads in place: the last axis dense, all others at any stride, as
// (B, T, H, D) transposed to (B, H, T, D) leaves them.
struct Matrices {
  Tensor tensor;
  index_t ld;
  std::vector<index_t> starts;

  explicit Matrices(const Tensor& t)
      : tensor(readable(t)),
        ld(std::max<index_t>(tensor.strides().back(2), tensor.size(-1))),
        starts(beginnings(tensor.shape(), tensor.strides())) {}
  index_t columns() const { return tensor.size(-1); }
  // Row `row` of matrix `i`.
  template <class T>
  const T* at(index_t i, index_t row) const {
    return tensor.data<T>() + starts[static_cast<std::size_t>(i)] + row * ld;
  }
  template <class T>
  T* output(index_t i, index_t row) {
    return ops::output<T>(tensor) + starts[static_cast<std::size_t>(i)] + row * ld;
  }

 private:
  static Tensor readable(const Tensor& t) {
    const bool dense_rows = t.size(-1) <= 1 || t.strides().back(1) == 1;
    const bool apart = t.size(-2) <= 1 || t.strides().back(2) >= t.size(-1);
    return dense_rows && apart ? t.detach() : ops::dense(t);
  }
};

// A result (B, H, T, D) laid out as (B, T, H, D), so that joining the heads again copies nothing; other ranks are dense.
Tensor head_major(const Shape& shape, DType dtype, Tensor (*make)(const Shape&, DType)) {
  if (shape.rank() != 4) return make(shape, dtype);
  return make({shape[0], shape[2], shape[1], shape[3]}, dtype).transpose(1, 2);
}

// Part of the scores of one head: queries [row, row + rows), keys [0, keys).
struct Block {
  index_t head, row, rows, keys;
  index_t size() const { return rows * keys; }
};

// One call of attention: its sizes, and what is done to the scores on their way to weights.
struct Call {
  Shape scores;  // (..., T, S)
  double scale;
  bool causal;
  Mask mask;  // undefined: nothing is hidden but the future, where causal
  std::optional<kernels::KeepSource> keep;
  double keep_scale;

  index_t t() const { return scores.back(2); }
  index_t s() const { return scores.back(1); }
  // Of all samples together.
  index_t heads() const {
    index_t n = 1;
    for (int axis = 0; axis + 2 < scores.rank(); ++axis) n *= scores[axis];
    return n;
  }
  index_t rows_at_once() const {
    return std::clamp<index_t>(scores_at_once / std::max<index_t>(s(), 1), 24, 96);
  }
  index_t blocks() const { return (t() + rows_at_once() - 1) / rows_at_once(); }
  bool keeps_weights() const { return t() * s() <= scores_kept; }
  bool hides() const { return causal || mask.defined(); }

  Block block(index_t head, index_t i) const {
    const index_t row = i * rows_at_once(), rows = std::min(rows_at_once(), t() - row);
    // With the causal flag the last query of the block sees the most; where all weights are kept, blocks are whole.
    const index_t seen =
        causal && !keeps_weights() ? std::clamp<index_t>(row + rows + s() - t(), 0, s()) : s();
    return {head, row, rows, seen};
  }
};

// The strides of `shape`, dense, once it is stretched to `full`.
Strides stretched(const Shape& shape, const Shape& full) {
  Strides strides = contiguous_strides(full);
  const Strides own = contiguous_strides(shape);
  for (int axis = 0; axis < full.rank(); ++axis) {
    const int from = axis - full.rank() + shape.rank();
    strides[axis] = from < 0 || shape[from] == 1 ? 0 : own[from];
  }
  return strides;
}

// Makes blocks of weights, and what their backward needs: the working memory of one thread.
template <class T>
class Worker {
 public:
  Worker(const Call& call, const Matrices& q, const Matrices& k, const Tensor& bias)
      : call_(call), q_(q), k_(k), table_(kernels::kernels<T>()) {
    if (call.mask.defined()) {
      mask_strides_ = stretched(call.mask.shape(), call.scores);
      mask_starts_ = beginnings(call.scores, mask_strides_);
    }
    if (bias.defined()) {
      bias_ = bias.detach().expand(call.scores);
      bias_starts_ = beginnings(call.scores, bias_.strides());
    }
    const auto size = static_cast<std::size_t>(call.rows_at_once() * call.s());
    if (call.hides()) bytes_.resize(size);
  }

  // A block of numbers, to be used as one likes.
  Tensor room() const { return empty({call_.rows_at_once() * call_.s()}, dtype_of<T>); }

  // P = softmax(q · kᵀ * scale (+ bias)) where allowed, 0 elsewhere -> p (rows, keys)
  void weights(const Block& b, T* p) {
    const kernels::GemmShape s{.transpose_b = true,
                               .m = b.rows,
                               .n = b.keys,
                               .k = q_.tensor.size(-1),
                               .lda = q_.ld,
                               .ldb = k_.ld,
                               .ldc = b.keys};
    kernels::gemm(s, q_.at<T>(b.head, b.row), k_.at<T>(b.head, 0), p);
    table_.axpby(static_cast<T>(call_.scale), p, 0, p, b.size());
    if (bias_.defined()) add_bias(b, p);
    if (call_.hides()) fill_bytes(b);
    table_.softmax_rows(p, call_.hides() ? bytes_.data() : nullptr, p, b.rows, b.keys);
  }

  // Which weights of the block dropout keeps: element (head, t, s) has the same fate whatever the block.
  void draw(const Block& b) {
    const index_t first = first_element(b) / 64, last = (first_element(b) + b.rows * call_.s() - 1) / 64;
    kept_.resize(static_cast<std::size_t>(last - first + 1));
    table_.keep_bits(*call_.keep, first, kept_.data(), last - first + 1);
  }
  // y = what dropout leaves of x (rows, keys), after draw(b).
  void drop(const Block& b, const T* x, T* y) const {
    for (index_t r = 0; r < b.rows; ++r)
      table_.drop(kept_.data(), first_element(b) % 64 + r * call_.s(), x + r * b.keys,
                  static_cast<T>(call_.keep_scale), y + r * b.keys, b.keys);
  }

 private:
  // The block's first row among all weights (..., T, S).
  index_t first_element(const Block& b) const { return (b.head * call_.t() + b.row) * call_.s(); }

  void add_bias(const Block& b, T* p) const {
    const T* start = bias_.data<T>() + bias_starts_[static_cast<std::size_t>(b.head)];
    const index_t row_step = bias_.strides().back(2), step = bias_.strides().back(1);
    for (index_t r = 0; r < b.rows; ++r)
      for (index_t i = 0; i < b.keys; ++i) p[r * b.keys + i] += start[(b.row + r) * row_step + i * step];
  }

  // 1 where a query of the block may attend.
  void fill_bytes(const Block& b) {
    for (index_t r = 0; r < b.rows; ++r) {
      std::uint8_t* row = bytes_.data() + r * b.keys;
      const index_t seen =
          call_.causal ? std::clamp<index_t>(b.row + r + 1 + call_.s() - call_.t(), 0, b.keys) : b.keys;
      if (!call_.mask.defined()) {
        std::fill_n(row, seen, std::uint8_t{1});
      } else {
        const index_t step = mask_strides_.back(1);
        const std::uint8_t* from = call_.mask.data() + mask_starts_[static_cast<std::size_t>(b.head)] +
                                   (b.row + r) * mask_strides_.back(2);
        for (index_t i = 0; i < seen; ++i) row[i] = from[i * step];
      }
      std::fill_n(row + seen, b.keys - seen, std::uint8_t{0});
    }
  }

  const Call& call_;
  const Matrices &q_, &k_;
  const kernels::Kernels<T>& table_;
  Strides mask_strides_;
  std::vector<index_t> mask_starts_, bias_starts_;
  Tensor bias_;
  std::vector<std::uint8_t> bytes_;  // 1: may be attended
  std::vector<std::uint64_t> kept_;  // a bit a weight, 1: not dropped
};

// How many of n equal pieces of this much work a thread should take at least.
index_t grain(double flops) {
  return std::max<index_t>(1, static_cast<index_t>(inline_flops / std::max(flops, 1.0)));
}

// y = attention; `weights` (..., T, S) receives P where it is defined.
template <class T>
void forward(const Call& call, const Matrices& q, const Matrices& k, const Matrices& v, const Tensor& bias,
             Matrices& y, Tensor& kept_weights) {
  const index_t dv = v.tensor.size(-1);
  const double flops = 2.0 * static_cast<double>(call.rows_at_once() * call.s() * (q.tensor.size(-1) + dv));
  kernels::parallel_for(call.heads() * call.blocks(), grain(flops), [&](index_t begin, index_t stop) {
    Worker<T> worker(call, q, k, bias);
    Tensor room = worker.room(), dropped = call.keep ? worker.room() : Tensor();
    for (index_t i = begin; i < stop; ++i) {
      const Block b = call.block(i / call.blocks(), i % call.blocks());
      T* p = kept_weights.defined() ? ops::output<T>(kept_weights) + (b.head * call.t() + b.row) * call.s()
                                    : ops::output<T>(room);
      worker.weights(b, p);
      if (call.keep) {
        worker.draw(b);
        worker.drop(b, p, ops::output<T>(dropped));
        p = ops::output<T>(dropped);
      }
      const kernels::GemmShape s{.m = b.rows, .n = dv, .k = b.keys, .lda = b.keys, .ldb = v.ld, .ldc = y.ld};
      kernels::gemm(s, p, v.at<T>(b.head, 0), y.output<T>(b.head, b.row));
    }
  });
}

// What backward fills, each where its input needs a gradient.
struct AttentionGradients {
  std::optional<Matrices> q, k, v;
  Tensor scores;  // dS (..., T, S), for the bias
};

// Adds pᵀ · x, of the block's rows, to the head's keys in `sums`: what each key gets from these queries.
template <class T>
void add_to_keys(const Block& b, const T* p, const Matrices& x, Matrices& sums) {
  const kernels::GemmShape s{.transpose_a = true,
                             .m = b.keys,
                             .n = x.columns(),
                             .k = b.rows,
                             .lda = b.keys,
                             .ldb = x.ld,
                             .ldc = sums.ld,
                             .accumulate = true};
  kernels::gemm(s, p, x.at<T>(b.head, b.row), sums.output<T>(b.head, 0));
}

template <class T>
void backward(const Call& call, const Matrices& q, const Matrices& k, const Matrices& v, const Tensor& bias,
              const Tensor& kept_weights, const Matrices& dy, AttentionGradients& d) {
  const index_t width = q.tensor.size(-1), dv = v.tensor.size(-1);
  const auto& table = kernels::kernels<T>();
  const T scale = static_cast<T>(call.scale);
  const double flops = 4.0 * static_cast<double>(call.t() * call.s() * (width + dv));
  // The blocks of a head add to the same dk and dv: one after the other, whatever the number of threads.
  kernels::parallel_for(call.heads(), grain(flops), [&](index_t begin, index_t stop) {
    Worker<T> worker(call, q, k, bias);
    Tensor room_p = worker.room(), room_ds = worker.room(), room_kept = call.keep ? worker.room() : Tensor();
    for (index_t i = begin * call.blocks(); i < stop * call.blocks(); ++i) {
      const Block b = call.block(i / call.blocks(), i % call.blocks());
      if (b.keys == 0) continue;
      const T* p = ops::output<T>(room_p);
      if (kept_weights.defined())
        p = kept_weights.data<T>() + (b.head * call.t() + b.row) * call.s();
      else
        worker.weights(b, ops::output<T>(room_p));
      if (call.keep) worker.draw(b);
      T* ds = ops::output<T>(room_ds);
      const T* go = dy.at<T>(b.head, b.row);
      if (d.v) {  // 3
        const T* kept = p;
        if (call.keep) worker.drop(b, p, ops::output<T>(room_kept)), kept = room_kept.data<T>();
        add_to_keys(b, kept, dy, *d.v);
      }
      if (!d.q && !d.k && !d.scores.defined()) continue;
      const kernels::GemmShape to_p{
          .transpose_b = true, .m = b.rows, .n = b.keys, .k = dv, .lda = dy.ld, .ldb = v.ld, .ldc = b.keys};
      kernels::gemm(to_p, go, v.at<T>(b.head, 0), ds);
      if (call.keep) worker.drop(b, ds, ds);
      table.softmax_rows_backward(ds, p, ds, b.rows, b.keys);  // 2
      if (d.scores.defined())
        for (index_t r = 0; r < b.rows; ++r)
          std::copy_n(ds + r * b.keys, b.keys,
                      ops::output<T>(d.scores) + (b.head * call.t() + b.row + r) * call.s());
      table.axpby(scale, ds, 0, ds, b.size());
      if (d.q) {  // 1
        const kernels::GemmShape s{
            .m = b.rows, .n = width, .k = b.keys, .lda = b.keys, .ldb = k.ld, .ldc = d.q->ld};
        kernels::gemm(s, ds, k.at<T>(b.head, 0), d.q->template output<T>(b.head, b.row));
      }
      if (d.k) add_to_keys<T>(b, ds, q, *d.k);
    }
  });
}

}  // namespace

// The op itself; attention.cpp numbers its passes.
Tensor ops::fused_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                            const AttentionOptions& options) {
  const double p = options.dropout;
  Call call{.scores = ops::scores_shape(q, k),
            .scale = ops::scale_of(q, options),
            .causal = options.causal,
            .mask = ops::visible(options),
            .keep = std::nullopt,
            .keep_scale = p < 1 ? 1 / (1 - p) : 0};
  if (p > 0) call.keep = ops::keep_rule(call.scores.numel(), p, *options.generator);
  Shape out = q.shape();
  out[q.rank() - 1] = v.size(-1);

  Tensor y = head_major(out, q.dtype(), empty);
  Tensor weights = call.keeps_weights() && grad_enabled() ? empty(call.scores, q.dtype()) : Tensor();
  if (y.numel() > 0) {
    Matrices to(y);
    ops::dispatch(q.dtype(), [&]<class T>() {
      forward<T>(call, Matrices(q), Matrices(k), Matrices(v), options.bias, to, weights);
    });
  }
  return record("scaled_dot_product_attention", {q, k, v, options.bias}, y,
                [q = Saved(q), k = Saved(k), v = Saved(v), bias = Saved(options.bias),
                 weights = Saved(weights), call = std::move(call)](const Tensor& dy, Gradients& d) {
                  const auto made = [&](bool needed, const Saved& like) {
                    return needed ? std::optional<Matrices>(head_major(like.shape(), dy.dtype(), zeros))
                                  : std::nullopt;
                  };
                  AttentionGradients g{made(d.needs(0), q), made(d.needs(1), k), made(d.needs(2), v), {}};
                  if (d.needs(3)) g.scores = zeros(call.scores, dy.dtype());
                  if (dy.numel() > 0)
                    ops::dispatch(dy.dtype(), [&]<class T>() {
                      backward<T>(call, Matrices(q()), Matrices(k()), Matrices(v()), bias(), weights(),
                                  Matrices(dy), g);
                    });
                  if (g.q) d[0] = g.q->tensor;
                  if (g.k) d[1] = g.k->tensor;
                  if (g.v) d[2] = g.v->tensor;
                  if (d.needs(3)) d[3] = sum_to(g.scores, bias.shape());
                });
}

}  // namespace heed
