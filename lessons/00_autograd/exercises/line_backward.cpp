// 00 · line_backward — the straight line of the lesson once more, with tensors: the way back by hand.
//
//   x (B, T, C), w (C, D), b (D), t (B, T, D)
//   y = x · w + b;   error = y - t;   loss = mean(error²)
//   -> dloss/dx (B, T, C), dloss/dw (C, D), dloss/db (D)
//
// Go from the loss back to the inputs, one line of the forward at a time. Each gradient has the shape of its value,
// and shapes tell where a transpose belongs. One w serves all B sequences, and one b all B · T rows: what was used
// often has a share from each use.
//
// You may use:  matmul(a, b) (of the last two axes; a leading axis is a batch), x.transpose(axis, axis),
//               x.sum({axis, axis}), x.numel(), and + - * / (they broadcast).
//               Nothing is recorded here: loss.backward() would find no graph.
#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

LineGradients line_backward(const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
  todo("go back from the loss to x, w and b");
}

}  // namespace heed::exercise
