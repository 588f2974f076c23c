// 10_rollout — Attention rollout: how much each patch contributes to CLS through all layers.
// Exercise 4 · 15 minutes · ●●○ · after 08_cls_attention
//
//   layers: the attention weights of each layer, first to last, (B, H, T, T) -> (B, N), N = T - 1
//   at least one layer and one patch; every row of the weights sums to 1; gradients reach every layer
//   one layer:   A = (mean over heads + I) / 2:  half attention, half residual connection
//   all layers:  A_last · … · A_2 · A_1;  return its row of CLS (token 0), without CLS itself
//
// In a matrix product, the layer that is applied first is on the right. Abnar, Zuidema, 2020.
//
// You may use:  x.mean(axis), eye(n, x.dtype()), matmul(a, b), x.select(axis, i),
//               x.slice(axis, begin), + and / with numbers.
#include "lessons/10_vit/exercises.h"

namespace heed::exercise {

Tensor rollout(const std::vector<Tensor>& layers) {
  todo("multiply the matrices of the layers");
}

}  // namespace heed::exercise
