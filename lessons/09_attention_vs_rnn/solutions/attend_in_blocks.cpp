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
  // solution: carry the maximum, the sum and the unnormalised output from block to block
  Tensor row_max = full({q.size(0), 1}, -INFINITY, q.dtype());
  Tensor sum = zeros({q.size(0), 1}, q.dtype()), output = zeros({q.size(0), v.size(1)}, q.dtype());
  const double root = std::sqrt(static_cast<double>(q.size(1)));
  for (index_t s = 0; s < k.size(0); s += block) {
    const Tensor scores = matmul(q, k.slice(0, s, s + block).transpose(-2, -1)) / root;  // (T, block)
    const Tensor new_max = maximum(row_max, max(scores, -1, true).values);
    const Tensor e = exp(scores - new_max), rescale = exp(row_max - new_max);
    sum = sum * rescale + e.sum({-1}, true);
    output = output * rescale + matmul(e, v.slice(0, s, s + block));
    row_max = new_max;
  }
  return output / sum;
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. You have e^(2 - 2) + e^(1 - 2), and the next score is 5. By which factor do you multiply to
//    get e^(2 - 5) + e^(1 - 5)?
// 2. For each block: scores (T, block); new_max = the maximum of row_max and the block's own
//    maximum, (T, 1); e = e^(scores - new_max); multiply sum and output by e^(row_max - new_max),
//    (T, 1); then add the sum of e to sum, and e · v to output. Before the first block, row_max is
//    -∞, so this factor is 0.
// 3. `const Tensor e = exp(scores - new_max), rescale = exp(row_max - new_max);`,
//    `sum = sum * rescale + e.sum({-1}, true);`,
//    `output = output * rescale + matmul(e, v.slice(0, s, s + block));`, `row_max = new_max;` for s
//    = 0, block, 2 block, … and `output / sum` at the end.
