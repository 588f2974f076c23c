// exercises.h — the functions to be written in lesson 03, in the order of doing. Letters: B batch, T words, S words
// of another text, C width of a word, D width of queries and keys, Dv width of values; `...` is any number of
// leading axes. Sizes are at least 1.
//
// Tensors are f32 or f64, may be views, and stay as they are; results have the type of the inputs, and gradients flow
// back through them.
#pragma once

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

// The three matrices of an attention.
struct Projections {
  Tensor w_q;  // (C, D)
  Tensor w_k;  // (C, D)
  Tensor w_v;  // (C, Dv)
};

// The three views of a text that they make.
struct Views {
  Tensor q;  // (..., T, D)
  Tensor k;  // (..., T, D)
  Tensor v;  // (..., T, Dv)
};

// A batch of texts, and which of their places hold words.
struct Texts {
  Tensor x;      // (B, T, C)
  Mask allowed;  // (B, 1, T), TRUE = MAY ATTEND
};

Views project(const Tensor& x, const Projections& w);
AttentionResult self_attention(const Tensor& x, const Projections& w, const Mask& allowed);
IntTensor looks_at(const Tensor& weights, index_t query, index_t count);
AttentionResult cross_attention(const Texts& target, const Texts& source, const Projections& w);

}  // namespace heed::exercise
