// exercises.h — the exercises of lesson 04, in order. Shape letters: B batch, T queries, S keys,
// C channels, H heads, D = C / H channels of one head. All sizes are at least 1.
//
// Tensors are f32 or f64, may be views, and must not be modified. Results have the dtype of the
// inputs, and gradients flow back through them.
#pragma once

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

// The parameters of a layer, with PyTorch's names and layout.
struct MultiHead {
  index_t heads;           // H
  Tensor in_proj_weight;   // (3C, C): the rows of W_Q, then of W_K, then of W_V
  Tensor in_proj_bias;     // (3C)
  Tensor out_proj_weight;  // (C, C): W_O
  Tensor out_proj_bias;    // (C)
};

// Generated from solutions/ by `./lessons/heed generate`: do not edit below.
Tensor split_heads(const Tensor& x, index_t heads);
Tensor merge_heads(const Tensor& heads);
AttentionResult per_head_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed);
Tensor multi_head_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                            const MultiHead& layer, const Mask& allowed);
Tensor remove_head(const Tensor& out_proj_weight, index_t heads, index_t head);

}  // namespace heed::exercise
