// attention_kernels.h — the interface between the attention op and its two implementations.
//
// Both compute the passes that attention.cpp numbers:
//   short_attention.cpp   whole rows of P; forward saves P for backward
//   long_attention.cpp    tiles of P, which backward recomputes, so that P never exists as a whole
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "autograd/kernels/workspace.h"
#include "autograd/ops/attention_masks.h"
#include "autograd/ops/matrix_batch.h"

namespace heed::ops {

// The sizes and options of one call, for forward and backward.
struct AttentionParams {
  Shape scores;  // (..., T, S)
  double scale;
  CausalRule causal;
  Mask mask;                                // undefined if it masks nothing
  std::optional<kernels::KeepSource> keep;  // of dropout; empty without dropout
  double keep_scale;                        // 1 / (1 - p)

  index_t queries() const { return scores.back(2); }
  index_t keys() const { return scores.back(1); }
  // The heads of all samples.
  index_t heads() const { return leading_axes(scores).numel(); }
  // The number of keys, from the first one on, that the causal rule allows a query. It never
  // decreases from one query to the next.
  index_t causal_keys(index_t query) const { return causal.keys(query, queries(), keys()); }
};

struct AttentionInputs {
  const AttentionParams& params;
  MatrixBatch q, k, v;  // (..., T, D), (..., S, D), (..., S, Dv)
  Tensor bias;          // broadcasts to the scores; undefined if there is none
};

// The gradients; empty if not needed. short_backward() adds to them, and long_backward() writes them.
// `scores` is dS, the gradient of the scores, which is also the gradient of the bias. It must be 0 before.
struct AttentionGradients {
  std::optional<MatrixBatch> q, k, v;
  Tensor scores;  // (..., T, S)
};

// Writes y. Also writes P (..., T, S) to `weights` if that is defined, for backward.
template <class T>
void short_forward(const AttentionInputs& in, MatrixBatch& y, Tensor& weights);
template <class T>
void short_backward(const AttentionInputs& in, const Tensor& weights, const MatrixBatch& dy,
                    AttentionGradients& d);

// Writes y, and to `stats` (2, heads, T) the largest score of each query and 1 / sum(exp(score -
// largest)), from which backward recomputes P. Requires contiguous tensors.
template <class T>
void long_forward(const AttentionInputs& in, MatrixBatch& y, Tensor& stats);
template <class T>
void long_backward(const AttentionInputs& in, const MatrixBatch& y, const Tensor& stats,
                   const MatrixBatch& dy, AttentionGradients& d);

// A block of the scores of one head: queries [row, row + rows), keys [key, key + keys).
struct Block {
  index_t head, row, rows, key, keys;
  index_t size() const { return rows * keys; }
};

// The steps from q and k to the weights of a block, except softmax: scores, mask and dropout. Each
// thread uses its own.
template <class T>
class BlockScores {
 public:
  explicit BlockScores(const AttentionInputs& in)
      : in_(in), params_(in.params), kernels_(kernels::kernels<T>()) {
    const Shape leading = leading_axes(params_.scores);
    if (params_.mask.defined()) {
      mask_strides_ = broadcast_strides(params_.mask.shape(), params_.scores);
      mask_offsets_ = matrix_offsets(leading, mask_strides_);
    }
    if (in.bias.defined()) {
      bias_strides_ = broadcast_strides(in.bias.shape(), in.bias.strides(), params_.scores);
      bias_offsets_ = matrix_offsets(leading, bias_strides_);
    }
  }

  // scores (rows, keys) = q · kᵀ * scale (+ bias)
  void compute(const Block& b, T* scores) const {
    kernels::gemm({.m = b.rows, .n = b.keys, .k = in_.q.columns()}, in_.q.view<T>(b.head, b.row),
                  transposed(in_.k.view<T>(b.head, b.key)), scores, b.keys);
    kernels_.axpby(static_cast<T>(params_.scale), scores, 0, scores, b.size());
    add_bias(b, scores);
  }
  // The same, given kᵀ * scale (D, keys).
  void compute(const Block& b, const kernels::MatrixView<T>& scaled_keys, T* scores) const {
    kernels::gemm({.m = b.rows, .n = b.keys, .k = in_.q.columns()}, in_.q.view<T>(b.head, b.row), scaled_keys,
                  scores, b.keys);
    add_bias(b, scores);
  }

  // Returns a byte per score, 1 if the query may attend to the key, or null if all are 1. The
  // pointer is valid until the next call.
  const std::uint8_t* mask(const Block& b) {
    if (!params_.mask.defined() && params_.causal_keys(b.row) >= b.key + b.keys) return nullptr;
    bytes_.resize(static_cast<std::size_t>(b.size()));
    for (index_t r = 0; r < b.rows; ++r) {
      std::uint8_t* row = bytes_.data() + r * b.keys;
      const index_t n = std::clamp<index_t>(params_.causal_keys(b.row + r) - b.key, 0, b.keys);
      copy_mask_row(b, r, row, n);
      std::fill_n(row + n, b.keys - n, std::uint8_t{0});
    }
    return bytes_.data();
  }

  // Recomputes which weights dropout keeps in the block's rows, for all their keys. They do not
  // depend on the block, only on head, query and key.
  void draw_dropout(const Block& b) {
    first_row_ = b.row;
    first_bit_ = (b.head * params_.queries() + b.row) * params_.keys();
    const index_t first = first_bit_ / 64, last = (first_bit_ + b.rows * params_.keys() - 1) / 64;
    keep_bits_.resize(static_cast<std::size_t>(last - first + 1));
    kernels_.keep_bits(*params_.keep, first, keep_bits_.data(), last - first + 1);
  }
  // y = drop(x), both (rows, keys). Requires draw_dropout() of these rows.
  void apply_dropout(const Block& b, const T* x, T* y) const {
    for (index_t r = 0; r < b.rows; ++r)
      kernels_.drop(keep_bits_.data(), first_bit_ % 64 + (b.row - first_row_ + r) * params_.keys() + b.key,
                    x + r * b.keys, static_cast<T>(params_.keep_scale), y + r * b.keys, b.keys);
  }

 private:
  void add_bias(const Block& b, T* scores) const {
    if (!in_.bias.defined()) return;
    const index_t row_step = bias_strides_.back(2), step = bias_strides_.back(1);
    const T* bias = in_.bias.data<T>() + offset_of(b, bias_offsets_, bias_strides_);
    for (index_t r = 0; r < b.rows; ++r)
      for (index_t i = 0; i < b.keys; ++i) scores[r * b.keys + i] += bias[r * row_step + i * step];
  }
  // The first element of a block in a tensor that broadcasts to the scores.
  static index_t offset_of(const Block& b, const std::vector<index_t>& offsets, const Strides& strides) {
    return offsets[static_cast<std::size_t>(b.head)] + b.row * strides.back(2) + b.key * strides.back(1);
  }
  // The first n bytes of the mask in row r of the block.
  void copy_mask_row(const Block& b, index_t r, std::uint8_t* row, index_t n) const {
    if (!params_.mask.defined()) {
      std::fill_n(row, n, std::uint8_t{1});
      return;
    }
    const index_t step = mask_strides_.back(1);
    const std::uint8_t* from =
        params_.mask.data() + offset_of(b, mask_offsets_, mask_strides_) + r * mask_strides_.back(2);
    if (step == 1)
      std::copy_n(from, n, row);
    else
      for (index_t i = 0; i < n; ++i) row[i] = from[i * step];
  }

  const AttentionInputs& in_;
  const AttentionParams& params_;
  const kernels::Kernels<T>& kernels_;
  Strides mask_strides_, bias_strides_;
  std::vector<index_t> mask_offsets_, bias_offsets_;
  std::vector<std::uint8_t> bytes_;
  std::vector<std::uint64_t> keep_bits_;
  index_t first_row_ = 0, first_bit_ = 0;  // of keep_bits_
};

}  // namespace heed::ops
