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
  // solution: copy rows in forward, add rows in backward
  const index_t channels = table.size(1);
  const index_t row_stride = table.strides()[0], column_stride = table.strides()[1];
  Tensor y = zeros({ids.numel(), channels});
  const float* from = table.data<float>();
  float* to = y.mutable_data<float>();
  for (index_t n = 0; n < ids.numel(); ++n)
    for (index_t c = 0; c < channels; ++c)
      to[n * channels + c] = from[ids[n] * row_stride + c * column_stride];
  return record("embed", {table}, y, [ids, shape = table.shape()](const Tensor& dy, Gradients& d) {
    d[0] = zeros(shape);
    const Tensor rows = dy.contiguous();
    const float* row = rows.data<float>();
    float* gradient = d[0].mutable_data<float>();
    for (index_t n = 0; n < ids.numel(); ++n)
      for (index_t c = 0; c < shape[1]; ++c) gradient[ids[n] * shape[1] + c] += row[n * shape[1] + c];
  });
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. If token 1 occurs twice in a sentence and its row of the table changes a little, how many rows
//    of y change?
// 2. Two nested loops over n and c in each direction. Forward: copy element ids[n] · strides()[0] +
//    c · strides()[1] of the table to element n · C + c of y. Backward: start with zeros of the
//    table's shape; add element n · C + c of a contiguous dy to element ids[n] · C + c.
// 3. `record("embed", {table}, y, [ids, shape = table.shape()](const Tensor& dy, Gradients& d) {
//    d[0] = zeros(shape); const Tensor rows = dy.contiguous(); … });` with
//    `gradient[ids[n] * shape[1] + c] += row[n * shape[1] + c]` inside.
