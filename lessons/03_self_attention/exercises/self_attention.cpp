// 03 · self_attention — every word asks every word of its text, itself included.
//
//   x (B, T, C), w (see exercises.h), allowed (B, 1, T) or undefined -> output (B, T, Dv), weights (B, T, T)
//   weights = softmax(Q · Kᵀ / √D, where allowed),  output = weights · V
//
// weights[b][t][s]: how much word t of text b takes from word s of the same text. `allowed` says TRUE = MAY ATTEND.
// A row that may look at nothing is 0. The width D of queries and keys need not be C, nor Dv. All of x is finite.
//
// You may use:  matmul(a, b), x.transpose(axis, axis), x.size(axis), std::sqrt, softmax(x, axis),
//               masked_softmax(x, allowed) (over the last axis; a row that allows nothing is 0), {output, weights}.
#include <cmath>

#include "lessons/03_self_attention/exercises.h"

namespace heed::exercise {

AttentionResult self_attention(const Tensor& x, const Projections& w, const Mask& allowed) {
  todo("let x attend to itself");
}

}  // namespace heed::exercise
