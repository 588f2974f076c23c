// heads.h — correct and common incorrect ways to split and merge heads, for the checks of lesson 04.
#pragma once

#include "lessons/04_multi_head_attention/exercises.h"

namespace heed::exercise {

// The tensors of a layer, for the forms of the checks (lessons/check/forms.h).
template <class Visit>
void each_tensor(MultiHead& layer, const Visit& visit) {
  visit(layer.in_proj_weight);
  visit(layer.in_proj_bias);
  visit(layer.out_proj_weight);
  visit(layer.out_proj_bias);
}

inline Tensor random(const Shape& shape, std::uint64_t seed) {
  Generator gen(seed);
  return randn(shape, gen);
}

// The correct way: (B, T, C) -> (B, H, T, D) and back.
inline Tensor into_heads(const Tensor& x, index_t heads) {
  check(x.size(2) % heads == 0, "into_heads", "the channels are not divisible by the heads");
  return x.reshape({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
}
inline Tensor from_heads(const Tensor& heads) {
  return heads.transpose(1, 2).reshape({heads.size(0), heads.size(2), heads.size(1) * heads.size(3)});
}

// A reshape alone, without the transpose.
inline Tensor split_by_reshape(const Tensor& x, index_t heads) {
  check(x.size(2) % heads == 0, "into_heads", "the channels are not divisible by the heads");
  return x.reshape({x.size(0), heads, x.size(1), x.size(2) / heads});
}
inline Tensor merge_by_reshape(const Tensor& heads) {
  return heads.reshape({heads.size(0), heads.size(2), heads.size(1) * heads.size(3)});
}

// Interleaved channels: channel c belongs to head c % H.
inline Tensor split_interleaved(const Tensor& x, index_t heads) {
  check(x.size(2) % heads == 0, "split_interleaved", "the channels are not divisible by the heads");
  return x.reshape({x.size(0), x.size(1), x.size(2) / heads, heads}).permute({0, 3, 1, 2});
}
inline Tensor merge_interleaved(const Tensor& heads) {
  return heads.permute({0, 2, 3, 1}).reshape({heads.size(0), heads.size(2), heads.size(1) * heads.size(3)});
}

}  // namespace heed::exercise
