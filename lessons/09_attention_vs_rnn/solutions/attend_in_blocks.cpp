// 09 · attend_in_blocks — attention that reads its keys like a recurrent net: O(n) memory, and the very same result.
//
//   q (T, D), k (S, D), v (S, Dv), S at least 1 -> softmax(q · kᵀ / √D) · v, (T, Dv)
//
// never holding more than `block` keys' scores, (T, block). A softmax needs the largest score and the sum of a whole row;
// carry both along, as far as they are known, and the values mixed so far, not yet divided:
//
//   most (T, 1), sum (T, 1), mixed (T, Dv)      after all blocks, mixed / sum is the answer
//
// When a block brings a larger score than `most`, everything so far was multiplied by e^-most, and should have been by
// e^-(the larger one). What makes it right again? And which `most` is there before the first block?
//
// You may use:  x.slice(axis, begin, stop), which ends where x does; x.size(axis), full(shape, -INFINITY, q.dtype()),
//               zeros(shape, q.dtype()), matmul, x.transpose(-2, -1), std::sqrt, max(x, -1, true).values, maximum(x, y),
//               exp, x.sum({-1}, true). Not softmax: it needs the whole row.
#include <cmath>

#include "lessons/09_attention_vs_rnn/exercises.h"

namespace heed::exercise {

Tensor attend_in_blocks(const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
  // solution: carry the maximum, the sum and the mixed values from block to block
  Tensor most = full({q.size(0), 1}, -INFINITY, q.dtype());
  Tensor sum = zeros({q.size(0), 1}, q.dtype()), mixed = zeros({q.size(0), v.size(1)}, q.dtype());
  const double root = std::sqrt(static_cast<double>(q.size(1)));
  for (index_t s = 0; s < k.size(0); s += block) {
    const Tensor scores = matmul(q, k.slice(0, s, s + block).transpose(-2, -1)) / root;  // (T, block)
    const Tensor now = maximum(most, max(scores, -1, true).values);
    const Tensor e = exp(scores - now), shrink = exp(most - now);
    sum = sum * shrink + e.sum({-1}, true);
    mixed = mixed * shrink + matmul(e, v.slice(0, s, s + block));
    most = now;
  }
  return mixed / sum;
  // end
}

}  // namespace heed::exercise
