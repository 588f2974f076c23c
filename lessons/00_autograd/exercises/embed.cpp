// 00 · embed — a whole op: forward beside backward, as in heed's own files.
//
//   table (V, C), ids (N) with values in [0, V), N may be 0 -> y (N, C), all f32
//   forward    y[n] = table[ids[n]]
//   backward   dtable (V, C): zero but for the rows that were looked up. And a row that was looked up twice?
//
// table may be a view (a transposed matrix, a part of a larger one): its element [v][c] is not at v · C + c from its
// first one, but at v · strides()[0] + c · strides()[1]. The same goes for dy. A tensor that you make is dense.
// backward runs after embed has returned, so its function keeps what it needs by value.
//
// You may use:  x.size(axis), x.shape(), x.strides(), x.data<float>() (points to the first element),
//               x.contiguous() (x, or a dense copy), zeros(shape), y.mutable_data<float>() (to write),
//               ids.numel(), ids[n], and record("embed", {table}, y, [captures](const Tensor& dy, Gradients& d)
//               { d[0] = …; }), which returns y with that way back.
#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

Tensor embed(const Tensor& table, const IntTensor& ids) {
  todo("copy rows on the way there, add rows on the way back");
}

}  // namespace heed::exercise
