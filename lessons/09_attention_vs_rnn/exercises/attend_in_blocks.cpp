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
  todo("carry the maximum, the sum and the mixed values from block to block");
}

}  // namespace heed::exercise
