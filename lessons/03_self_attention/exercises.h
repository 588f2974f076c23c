// exercises.h — the exercises of lesson 03, in order. Shape letters: B batch, T words (length of
// the sequence that attends), S words of the sequence that is attended to, C channels, D width of
// queries and keys, Dv width of values; `...` denotes any number of leading axes. All sizes are
// at least 1.
//
// Tensors are f32 or f64, may be views, and must not be modified. Results have the dtype of the
// inputs, and gradients flow back through them.
#pragma once

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

// The three projection matrices of an attention layer.
struct Projections {
  Tensor w_q;  // (C, D)
  Tensor w_k;  // (C, D)
  Tensor w_v;  // (C, Dv)
};

// The three projections of a sequence.
struct Views {
  Tensor q;  // (..., T, D)
  Tensor k;  // (..., T, D)
  Tensor v;  // (..., T, Dv)
};

// A padded batch of sequences, and the mask of the positions that hold words.
struct Sequences {
  Tensor x;      // (B, T, C)
  Mask allowed;  // (B, 1, T), TRUE = MAY ATTEND
};

// Generated from solutions/ by `./lessons/heed generate`: do not edit below.
Views project(const Tensor& x, const Projections& w);
AttentionResult self_attention(const Tensor& x, const Projections& w, const Mask& allowed);
IntTensor most_attended(const Tensor& weights, index_t query, index_t count);
AttentionResult cross_attention(const Sequences& target, const Sequences& source, const Projections& w);

}  // namespace heed::exercise
