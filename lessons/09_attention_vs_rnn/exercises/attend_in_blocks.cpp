// 09_attend_in_blocks — Exact attention over blocks of keys, with O(n) memory.
// Exercise 5 · 30 minutes · ●●● · after 02_sdpa, 09_rnn_forward
//
//   q (T, D), k (S, D), v (S, Dv), S at least 1 -> softmax(q · kᵀ / √D) · v, (T, Dv)
//
// Never store the scores of more than `block` keys, (T, block). A softmax needs the maximum and
// the sum of a whole row. Carry both from block to block, together with the weighted sum of the
// values, which is divided only at the end:
//
//   row_max (T, 1), sum (T, 1), output (T, Dv)      after all blocks, output / sum is the result
//
// If a block increases the maximum, sum and output were computed with e^-row_max instead of
// e^-(new maximum). Which factor corrects them? And which initial value does row_max need before
// the first block?
//
// You may use:  x.slice(axis, begin, stop), which stops at the end of x; x.size(axis),
//               full(shape, -INFINITY, q.dtype()), zeros(shape, q.dtype()), matmul,
//               x.transpose(-2, -1), std::sqrt, max(x, -1, true).values, maximum(x, y), exp,
//               x.sum({-1}, true). Not softmax: it needs the whole row.
#include <cmath>

#include "lessons/09_attention_vs_rnn/exercises.h"

namespace heed::exercise {

Tensor attend_in_blocks(const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
  todo("carry the maximum, the sum and the unnormalised output from block to block");
}

}  // namespace heed::exercise
