// exercises.h — the functions to be written in lesson 04. Letters: B batch, T queries, S keys, C channels, H heads,
// D = C / H channels of one head. Sizes are at least 1.
//
// Tensors are f32 or f64, may be views, and stay as they are; results have the type of the inputs, and gradients flow
// back through them.
#pragma once

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

Tensor split_heads(const Tensor& x, index_t heads);
Tensor merge_heads(const Tensor& heads);
AttentionResult heads_attend(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed);

// What a layer has learned, in PyTorch's names and layout.
struct MultiHead {
  index_t heads;           // H
  Tensor in_proj_weight;   // (3C, C): W_Q, W_K and W_V on top of each other
  Tensor in_proj_bias;     // (3C)
  Tensor out_proj_weight;  // (C, C): W_O
  Tensor out_proj_bias;    // (C)
};
Tensor multi_head_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                            const MultiHead& layer, const Mask& allowed);

Tensor without_head(const Tensor& out_proj_weight, index_t heads, index_t off);

}  // namespace heed::exercise
