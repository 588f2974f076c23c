// embedding.cpp — the vectors of token ids.
#include <algorithm>

#include "autograd/ops/common.h"
#include "autograd/ops/scatter.h"

namespace heed {

// embedding(weight, ids): one row of the table per token id.
//   weight (V, C), ids (...) -> y (..., C)
//   forward    y[i] = weight[ids[i]]
//   backward   dweight[v] = the sum of dy[i] over all i with ids[i] = v (see scatter.h); 0 for padding_idx
//   saves      ids
//   taught in  lessons/07
Tensor embedding(const Tensor& weight, const IntTensor& ids, index_t padding_idx) {
  ops::check_tensors("embedding", {&weight});
  check(weight.rank() == 2, "embedding", "expected weight (V, C), got ", weight);
  const index_t vocabulary = weight.size(0), channels = weight.size(1);
  for (index_t i = 0; i < ids.numel(); ++i)
    check(ids[i] >= 0 && ids[i] < vocabulary, "embedding", "expected ids in [0, ", vocabulary,
          ") for weight ", weight, ", got ", ids[i], " at position ", i);
  Shape shape = ids.shape();
  shape.push_back(channels);
  Tensor y = ops::allocate("embedding", shape, weight.dtype());
  const Tensor table = ops::dense(weight);
  ops::dispatch(weight.dtype(), [&]<class T>() {
    for (index_t i = 0; i < ids.numel(); ++i)
      std::copy_n(table.data<T>() + ids[i] * channels, channels, ops::output<T>(y) + i * channels);
  });
  return record("embedding", {weight}, y,
                [ids, padding_idx, shape = weight.shape()](const Tensor& dy, Gradients& d) {
                  const Tensor g = ops::dense(dy);
                  d[0] = zeros(shape, dy.dtype());
                  ops::dispatch(dy.dtype(), [&]<class T>() {
                    ops::scatter_add(ops::IndexGroups(ids, shape[0]), g.data<T>(), shape[1],
                                     ops::output<T>(d[0]), padding_idx);
                  });
                });
}

}  // namespace heed
