// attention_call.h — one call of fused attention: its sizes, its matrices, and a block of its scores on their way to weights.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "autograd/ops/attention.h"
#include "autograd/ops/matrices.h"

namespace heed::ops {

// Part of the scores of one head: queries [row, row + rows), keys [key, key + keys).
struct Block {
  index_t head, row, rows, key, keys;
  index_t size() const { return rows * keys; }
};

// What is asked: the sizes, and what is done to the scores.
struct Call {
  Shape scores;  // (..., T, S)
  double scale;
  CausalRule causal;
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
  // How many keys, from the first on, query `row` may attend to by the causal flag; not less than
  // the row before.
  index_t seen(index_t row) const { return causal.keys(row, t(), s()); }
};

// What backward fills, each where its input needs a gradient.
struct AttentionGradients {
  std::optional<Matrices> q, k, v;
  Tensor scores;  // dS (..., T, S), for the bias
};

// All of a call.
struct Inputs {
  const Call& call;
  Matrices q, k, v;
  Tensor bias;
};

// What happens to a block of scores apart from softmax: scale and bias, what is hidden, what dropout keeps. One for each thread.
template <class T>
class Scores {
 public:
  explicit Scores(const Inputs& in) : in_(in), call_(in.call), table_(kernels::kernels<T>()) {
    if (call_.mask.defined()) {
      const Shape& own = call_.mask.shape();
      mask_strides_ = broadcast_strides(own, contiguous_strides(own), call_.scores);
      mask_starts_ = beginnings(call_.scores, mask_strides_);
    }
    if (in.bias.defined()) {
      bias_ = in.bias.detach().expand(call_.scores);
      bias_starts_ = beginnings(call_.scores, bias_.strides());
    }
  }

  // q · kᵀ * scale (+ bias) -> x (rows, keys)
  void make(const Block& b, T* x) const {
    product<T>({in_.q.at<T>(b.head, b.row), in_.q.ld}, {in_.k.at<T>(b.head, b.key), in_.k.ld, true}, x,
               b.keys, {.m = b.rows, .n = b.keys, .k = in_.q.columns()});
    table_.axpby(static_cast<T>(call_.scale), x, 0, x, b.size());
    if (!bias_.defined()) return;
    const index_t row_step = bias_.strides().back(2), step = bias_.strides().back(1);
    const T* from =
        bias_.data<T>() + bias_starts_[static_cast<std::size_t>(b.head)] + b.row * row_step + b.key * step;
    for (index_t r = 0; r < b.rows; ++r)
      for (index_t i = 0; i < b.keys; ++i) x[r * b.keys + i] += from[r * row_step + i * step];
  }

  // A byte for each score, 1 where the query may attend; null where it may everywhere. Good until the next call.
  const std::uint8_t* visible(const Block& b) {
    if (!call_.mask.defined() && call_.seen(b.row) >= b.key + b.keys) return nullptr;
    bytes_.resize(static_cast<std::size_t>(b.size()));
    for (index_t r = 0; r < b.rows; ++r) {
      std::uint8_t* row = bytes_.data() + r * b.keys;
      const index_t seen = std::clamp<index_t>(call_.seen(b.row + r) - b.key, 0, b.keys);
      if (!call_.mask.defined()) {
        std::fill_n(row, seen, std::uint8_t{1});
      } else {
        const index_t step = mask_strides_.back(1);
        const std::uint8_t* from = call_.mask.data() + mask_starts_[static_cast<std::size_t>(b.head)] +
                                   (b.row + r) * mask_strides_.back(2) + b.key * step;
        if (step == 1)
          std::copy_n(from, seen, row);
        else
          for (index_t i = 0; i < seen; ++i) row[i] = from[i * step];
      }
      std::fill_n(row + seen, b.keys - seen, std::uint8_t{0});
    }
    return bytes_.data();
  }

  // Which weights of the block's rows, all their keys, dropout keeps: element (head, t, s) has the same fate whatever the block.
  void draw(const Block& b) {
    first_row_ = b.row;
    first_bit_ = (b.head * call_.t() + b.row) * call_.s();
    const index_t first = first_bit_ / 64, last = (first_bit_ + b.rows * call_.s() - 1) / 64;
    kept_.resize(static_cast<std::size_t>(last - first + 1));
    table_.keep_bits(*call_.keep, first, kept_.data(), last - first + 1);
  }
  // y = what dropout leaves of x (rows, keys), after draw() of these rows.
  void drop(const Block& b, const T* x, T* y) const {
    for (index_t r = 0; r < b.rows; ++r)
      table_.drop(kept_.data(), first_bit_ % 64 + (b.row - first_row_ + r) * call_.s() + b.key,
                  x + r * b.keys, static_cast<T>(call_.keep_scale), y + r * b.keys, b.keys);
  }

 private:
  const Inputs& in_;
  const Call& call_;
  const kernels::Kernels<T>& table_;
  Strides mask_strides_;
  std::vector<index_t> mask_starts_, bias_starts_;
  Tensor bias_;
  std::vector<std::uint8_t> bytes_;  // 1: may be attended
  std::vector<std::uint64_t> kept_;  // a bit a weight, 1: not dropped
  index_t first_row_ = 0, first_bit_ = 0;
};

// Short sequences: P (..., T, S), kept for backward where gradients are recorded. short_attention.cpp.
//   forward writes y, and P into `weights` where that is defined; backward wants P, and adds to d.
template <class T>
void short_forward(const Inputs& in, Matrices& y, Tensor& weights);
template <class T>
void short_backward(const Inputs& in, const Tensor& weights, const Matrices& dy, AttentionGradients& d);

// Long ones: P is made tile by tile and never whole, in backward once more. long_attention.cpp.
//   forward writes y, and into `stats` (2, heads, T) each query's largest score and 1 / sum(exp(score - largest)), from which
//   backward makes any weight again. All matrices are dense.
template <class T>
void long_forward(const Inputs& in, Matrices& y, Tensor& stats);
template <class T>
void long_backward(const Inputs& in, const Matrices& y, const Tensor& stats, const Matrices& dy,
                   AttentionGradients& d);

}  // namespace heed::ops
