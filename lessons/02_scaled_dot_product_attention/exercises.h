// exercises.h — the functions to be written in lesson 02, in the order of doing. Letters: B batch, T queries, S keys,
// D width of queries and keys, Dv width of values; `...` is any number of leading axes, a batch for example.
// Sizes of tensors are at least 1.
//
// Tensors are f32 or f64, may be views, and stay as they are; results have the type of the inputs, and gradients flow
// back through them.
#pragma once

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

Tensor dot_scores(const Tensor& q, const Tensor& k);
Tensor scaled_scores(const Tensor& q, const Tensor& k);
Tensor softmax_rows(const Tensor& scores);
Mask causal_mask(index_t t, index_t s);
Mask padding_mask(const IntTensor& ids, index_t pad);
Tensor sdpa(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed);

}  // namespace heed::exercise
