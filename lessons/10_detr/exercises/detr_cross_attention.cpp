// 10_detr_cross_attention — Compute the cross-attention of queries to the image.
// Exercise 6 · 10 minutes · ●○○ · after 02_sdpa, 10_sine_2d
//
//   x (N, C): the decoder's hidden states; query_pos (N, C): the learned query embeddings
//   memory (S, C): the encoder's output; pos (S, C): the positional encoding of the pixels -> (N, C)
//
// One head without projections: attention with queries x + query_pos, keys memory + pos and values
// memory, scaled by √C. There is no mask. Why must positions not be added to the values?
//
// You may use:  matmul(a, b), softmax(x, axis), x.transpose(axis, axis), x.size(axis), std::sqrt,
//               and + - * /.
#include <cmath>

#include "lessons/10_detr/exercises.h"

namespace heed::exercise {

Tensor detr_cross_attention(const Tensor& x, const Tensor& query_pos, const Tensor& memory,
                            const Tensor& pos) {
  todo("add positions to queries and keys, but not to values");
}

}  // namespace heed::exercise
