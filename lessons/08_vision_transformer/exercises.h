// exercises.h — the functions to be written in lesson 08. Letters: B batch, N patches, p side of a patch, T = N + 1
// tokens, C width of a token (d_model), H heads. Sizes of pictures are written out: (B, channels, height, width).
#pragma once

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

Tensor patches(const Tensor& images, index_t p);
Tensor unpatch(const Tensor& words, index_t p, index_t height, index_t width);
Tensor prepend_cls(const Tensor& x, const Tensor& cls);
Tensor add_positions(const Tensor& x, const Tensor& table);

struct VitParts;  // vit_parts.h
Tensor vit_forward(const Tensor& images, const VitParts& vit);

Tensor cls_attention(const Tensor& weights, index_t down, index_t across);

}  // namespace heed::exercise
