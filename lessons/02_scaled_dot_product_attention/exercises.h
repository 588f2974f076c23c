// exercises.h — the functions of lesson 02, in the order of the exercises.
//
// Shape letters: B batch, T queries, S keys, D width of queries and keys, Dv width of values; `...`
// is any number of leading axes, for example a batch. All sizes of tensors are at least 1.
//
// Input tensors are f32 or f64, may be non-contiguous views, and must not be modified. Results have
// the dtype of the inputs, and gradients flow back through them.
#pragma once

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

// Generated from solutions/ by `./lessons/heed generate`: do not edit below.
Tensor dot_scores(const Tensor& q, const Tensor& k);
Tensor scaled_scores(const Tensor& q, const Tensor& k);
Tensor softmax_rows(const Tensor& scores);
Mask causal_mask(index_t t, index_t s);
Mask padding_mask(const IntTensor& ids, index_t pad);
Tensor sdpa(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed);

}  // namespace heed::exercise
