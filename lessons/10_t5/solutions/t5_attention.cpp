// 10_t5_attention — Compute attention with a relative position bias.
// Exercise 2 · 20 minutes · ●●○ · after 02_sdpa, 10_t5_bucket
//
//   q (B, H, T, D), k and v (B, H, S, D), table (num_buckets, H) -> (B, H, T, D)
//   output = softmax(q · kᵀ + bias, masked by `allowed`) · v
//   bias[h][t][s] = table[bucket of the distance from query t to key s][h]
//
// The scores are not divided by √D. The queries are the LAST T of the S tokens: with a cache, there
// is one query and all earlier keys, and query t is at position S - T + t. In cross-attention there
// are no distances: `table` is undefined, and there is no bias. In `allowed`, TRUE = MAY ATTEND; if
// it is undefined, every query may attend to every key. The output of a query that may attend to
// nothing is 0. A masked key may have any value, NaN included.
//
// You may use:  nn::relative_position_bucket(distance, bidirectional, num_buckets, 128)
//               (distance = key - query),
//               IntTensor::zeros({t, s}) and its values() (a row-major vector),
//               embedding(table, ids) (a row of the table for each id), x.permute({…}), x.defined(),
//               matmul, x.transpose(axis, axis), softmax(x, axis), masked_softmax(x, allowed).
#include "lessons/10_t5/exercises.h"

namespace heed::exercise {

Tensor t5_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table,
                    bool bidirectional, const Mask& allowed) {
  // solution: add the bias to the scores
  Tensor scores = matmul(q, k.transpose(-2, -1));  // (B, H, T, S)
  if (table.defined()) {
    const index_t t = q.size(2), s = k.size(2);
    IntTensor ids = IntTensor::zeros({t, s});
    for (index_t i = 0; i < t; ++i)
      for (index_t j = 0; j < s; ++j) {
        const index_t distance = j - (s - t + i);
        ids.values()[static_cast<std::size_t>(i * s + j)] =
            nn::relative_position_bucket(distance, bidirectional, table.size(0), 128);
      }
    scores = scores + embedding(table, ids).permute({2, 0, 1});  // (T, S, H) -> (H, T, S)
  }
  return matmul(allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1), v);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. The queries are the last T of the S tokens. Which of the S positions does query i have, and
//    how far is it from key j?
// 2. Compute the bucket ids (T, S). embedding(table, ids) is (T, S, H); the scores are (B, H, T,
//    S), so permute the bias to (H, T, S).
// 3. `scores = scores + embedding(table, ids).permute({2, 0, 1})`, where the distance is
//    `j - (s - t + i)`; then a softmax, and `matmul(…, v)`.
