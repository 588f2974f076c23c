// 00_embed — A complete op, forward and backward: embedding lookup.
// Exercise 8 · 25 minutes · ●●● · after 00_sum_to
//
//   table (V, C), ids (N) with values in [0, V), N may be 0 -> y (N, C), all f32
//   forward    y[n] = table[ids[n]]
//   backward   dtable (V, C): zero except for the rows that were looked up. Consider a row that
//              was looked up twice.
//
// table may be a view (a transposed matrix, or a part of a larger one). Its element [v][c] is then
// not v · C + c elements after the first one, but v · strides()[0] + c · strides()[1]. The same
// applies to dy. Tensors that you create are contiguous. backward runs after embed has returned, so
// its function must capture everything it needs by value.
//
// You may use:  x.size(axis), x.shape(), x.strides(), x.data<float>() (points to the first element),
//               x.contiguous() (x, or a contiguous copy), zeros(shape), y.mutable_data<float>() (for
//               writing), ids.numel(), ids[n], and record("embed", {table}, y,
//               [captures](const Tensor& dy, Gradients& d) { d[0] = …; }), which returns y with
//               this backward function.
#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

Tensor embed(const Tensor& table, const IntTensor& ids) {
  todo("copy rows in forward, add rows in backward");
}

}  // namespace heed::exercise
