// 10 · t5_attention — attention that is told how far apart two words are.
//
//   q (B, H, T, D), k and v (B, H, S, D), table (num_buckets, H) -> (B, H, T, D)
//   output = softmax(q · kᵀ + bias, where allowed) · v
//   bias[h][t][s] = table[bucket of the distance from query t to key s][h]
//
// The scores are not divided. The queries are the LAST T of the S words: with a cache, one query comes with all the
// keys before it, and query t stands at place S - T + t. Where the decoder looks at the encoder there are no
// distances: `table` is not defined then, and there is no bias. `allowed` says TRUE = MAY ATTEND; if it is not
// defined, all may. A query that may attend to nothing gets 0. A masked key may hold anything, NaN included.
//
// You may use:  nn::relative_position_bucket(distance, both_sides, num_buckets, 128) (distance = key - query),
//               IntTensor::zeros({t, s}) and its values() (a vector, row by row), embedding(table, ids) (a row of
//               the table for each id), x.permute({…}), x.defined(), matmul, x.transpose(axis, axis), softmax(x,
//               axis), masked_softmax(x, allowed).
#include "lessons/10_t5/exercises.h"

namespace heed::exercise {

Tensor t5_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both_sides,
                    const Mask& allowed) {
  // solution: add the bias to the scores
  Tensor scores = matmul(q, k.transpose(-2, -1));  // (B, H, T, S)
  if (table.defined()) {
    const index_t t = q.size(2), s = k.size(2);
    IntTensor ids = IntTensor::zeros({t, s});
    for (index_t i = 0; i < t; ++i)
      for (index_t j = 0; j < s; ++j) {
        const index_t distance = j - (s - t + i);
        ids.values()[static_cast<std::size_t>(i * s + j)] =
            nn::relative_position_bucket(distance, both_sides, table.size(0), 128);
      }
    scores = scores + embedding(table, ids).permute({2, 0, 1});  // (T, S, H) -> (H, T, S)
  }
  return matmul(allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1), v);
  // end
}

}  // namespace heed::exercise
