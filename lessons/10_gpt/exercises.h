// exercises.h — the functions to be written in lesson 10_gpt, in the order of doing. Letters: B batch, T new tokens, S all
// tokens, H heads, D width of a head, V vocabulary.
#pragma once

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

IntTensor crop_context(const IntTensor& ids, index_t context);
Tensor with_temperature(const Tensor& logits, double temperature);
Tensor keep_top_k(const Tensor& logits, index_t k);
// What attention keeps of the tokens that were read: (B, H, S, D) each.
struct Kept {
  Tensor keys, values;
};
Tensor cached_attention(const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept);

}  // namespace heed::exercise
