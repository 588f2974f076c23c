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
  todo("multiply what the layers pass on");
}

}  // namespace heed::exercise
