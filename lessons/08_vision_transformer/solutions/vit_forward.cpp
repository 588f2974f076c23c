// 08 · vit_forward — the whole Vision Transformer, from its parts.
//
//   images (B, channels, height, width) -> scores (B, classes)
//   patches → embed → CLS in front → positions → encoder → the row of CLS → head
//
// The parts are made (vit_parts.h says what each takes and gives); their order is yours. Leave their mode as it is.
// Where the batch is on axis 1, the row of CLS is x[0]. Here the batch is on axis 0. What would x[0] be?
//
// You may use:  vit.patches(images), vit.embed(x), vit.prepend_cls(x), vit.add_positions(x), vit.encoder(x),
//               vit.head(x), x.select(axis, i) (takes place i, the axis is gone).
#include "lessons/08_vision_transformer/exercises.h"
#include "lessons/08_vision_transformer/vit_parts.h"

namespace heed::exercise {

Tensor vit_forward(const Tensor& images, const VitParts& vit) {
  // solution: put the parts together
  const Tensor x = vit.embed(vit.patches(images));                         // (B, N, C)
  const Tensor read = vit.encoder(vit.add_positions(vit.prepend_cls(x)));  // (B, T, C)
  return vit.head(read.select(1, 0));
  // end
}

}  // namespace heed::exercise
