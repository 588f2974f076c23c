// 10 · rollout — what has reached CLS from each patch, through all layers.
//
//   layers: the weights of each layer from first to last, (B, H, T, T) -> (B, N), N = T - 1
//   at least one layer and one patch; every row of the weights sums to 1; gradients reach every layer
//   a layer passes  A = (mean over heads + I) / 2:  half is mixed by attention, half goes by in the residual
//   the whole passes  A_last · … · A_2 · A_1;  of it the row of CLS (token 0), without CLS itself
//
// A product of matrices reads from right to left: what happens first stands last. Abnar, Zuidema, 2020.
//
// You may use:  x.mean(axis), eye(n, x.dtype()), matmul(a, b), x.select(axis, i),
//               x.slice(axis, begin), + and / with numbers.
#include "lessons/10_vit/exercises.h"

namespace heed::exercise {

Tensor rollout(const std::vector<Tensor>& layers) {
  // solution: multiply what the layers pass on
  const Tensor self = eye(layers[0].size(-1), layers[0].dtype());
  Tensor flow = self;
  for (const Tensor& weights : layers) flow = matmul((weights.mean(1) + self) / 2.0, flow);
  return flow.select(1, 0).slice(1, 1);
  // end
}

}  // namespace heed::exercise
