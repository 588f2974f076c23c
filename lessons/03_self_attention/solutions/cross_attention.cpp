// 03 · cross_attention — the words of one text ask the words of another.
//
//   target: x (B, T, C), allowed (B, 1, T);  source: x (B, S, C), allowed (B, 1, S);  w (see exercises.h)
//   -> output (B, T, Dv), weights (B, T, S)
//
// A translation in the making (target) looks at what is to be translated (source): it brings the queries, and finds
// keys and values there. Both texts are padded. Whose padding must not be looked at?
// If a source has no words at all, its rows of output and weights are 0.
//
// You may use:  attention(q, k, v, {.mask = mask}) of lesson 02 (it gives {output, weights}), and matmul(a, b).
#include "lessons/03_self_attention/exercises.h"

namespace heed::exercise {

AttentionResult cross_attention(const Texts& target, const Texts& source, const Projections& w) {
  // solution: let the target attend to the source
  const Tensor q = matmul(target.x, w.w_q), k = matmul(source.x, w.w_k), v = matmul(source.x, w.w_v);
  return attention(q, k, v, {.mask = source.allowed});
  // end
}

}  // namespace heed::exercise
