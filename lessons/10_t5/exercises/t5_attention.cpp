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
  todo("add the bias to the scores");
}

}  // namespace heed::exercise
