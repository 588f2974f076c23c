// 03_self_attention — Compute the attention of a sequence to itself.
// Exercise 2 · 20 minutes · ●●○ · after 02_sdpa, 03_project
//
//   x (B, T, C), w (see exercises.h), allowed (B, 1, T) or undefined -> output (B, T, Dv), weights (B, T, T)
//   weights = softmax(Q · Kᵀ / √D) over the allowed keys,  output = weights · V
//
// weights[b][t][s] is the weight that word t of sequence b gives to word s of the same sequence. In
// `allowed`, TRUE = MAY ATTEND. A fully masked row is 0. The width D of queries and keys may differ
// from C and from Dv. All elements of x are finite.
//
// You may use:  matmul(a, b), x.transpose(axis, axis), x.size(axis), std::sqrt, softmax(x, axis),
//               masked_softmax(x, allowed) (over the last axis; a fully masked row is 0), and
//               {output, weights} to make the result.
#include <cmath>

#include "lessons/03_self_attention/exercises.h"

namespace heed::exercise {

AttentionResult self_attention(const Tensor& x, const Projections& w, const Mask& allowed) {
  todo("compute the attention of x to itself");
}

}  // namespace heed::exercise
