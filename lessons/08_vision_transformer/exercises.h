// exercises.h — the functions of the exercises of lesson 08. Shapes: B images, N patches per
// image, p the side of a patch in pixels, T = N + 1 tokens, C channels of a token (d_model), H
// heads. Images are (B, channels, height, width).
#pragma once

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

struct VitParts;  // vit_parts.h

// Generated from solutions/ by `./lessons/heed generate`: do not edit below.
Tensor patchify(const Tensor& images, index_t p);
Tensor unpatchify(const Tensor& patches, index_t p, index_t height, index_t width);
Tensor prepend_cls(const Tensor& x, const Tensor& cls);
Tensor add_positions(const Tensor& x, const Tensor& table);
Tensor vit_forward(const Tensor& images, const VitParts& vit);
Tensor cls_attention(const Tensor& weights, index_t down, index_t across);

}  // namespace heed::exercise
