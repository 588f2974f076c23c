// exercises.h — the functions to write in lesson 10_gpt, in the order of the lesson.
// Letters: B batch, T new tokens, S all tokens, H heads, D head width, V vocabulary.
#pragma once

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

// The keys and values of all earlier tokens: (B, H, S, D) each.
struct KVCache {
  Tensor keys, values;
};

// Generated from solutions/ by `./lessons/heed generate`: do not edit below.
IntTensor crop_context(const IntTensor& ids, index_t context);
Tensor with_temperature(const Tensor& logits, double temperature);
Tensor keep_top_k(const Tensor& logits, index_t k);
Tensor cached_attention(const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache);

}  // namespace heed::exercise
