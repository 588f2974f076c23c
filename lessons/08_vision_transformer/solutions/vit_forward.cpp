// 08_vit_forward — The forward pass of a Vision Transformer, from its parts.
// Exercise 5 · 15 minutes · ●●○ · after 08_add_positions, 05_encoder_block
//
//   images (B, channels, height, width) -> logits (B, classes)
//   patchify → embed → prepend CLS → add positions → encoder → the row of CLS → head
//
// The parts already exist (vit_parts.h documents their shapes); do not change their mode. If the
// batch is on axis 1, the row of CLS is x[0]. Here, the batch is on axis 0. Which axis does x[0] index?
//
// You may use:  vit.patchify(images), vit.embed(x), vit.prepend_cls(x), vit.add_positions(x),
//               vit.encoder(x), vit.head(x),
//               x.select(axis, i) (selects index i and removes the axis).
#include "lessons/08_vision_transformer/exercises.h"
#include "lessons/08_vision_transformer/vit_parts.h"

namespace heed::exercise {

Tensor vit_forward(const Tensor& images, const VitParts& vit) {
  // solution: apply the parts in order
  const Tensor x = vit.embed(vit.patchify(images));                           // (B, N, C)
  const Tensor encoded = vit.encoder(vit.add_positions(vit.prepend_cls(x)));  // (B, T, C)
  return vit.head(encoded.select(1, 0));
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. CLS has a position embedding, too. So which step comes first, CLS or the positions? And which
//    of the encoder's T output rows is meant to represent the whole image?
// 2. (B, channels, height, width) → patchify (B, N, …) → embed (B, N, C) → CLS (B, T, C) →
//    positions (B, T, C) → encoder (B, T, C) → row 0 of axis 1 (B, C) → head (B, classes).
// 3. `vit.encoder(vit.add_positions(vit.prepend_cls(x)))`, where x is
//    `vit.embed(vit.patchify(images))`; then `vit.head(….select(1, 0))`.
