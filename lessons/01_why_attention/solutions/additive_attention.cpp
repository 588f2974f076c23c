// 01_additive_attention — The decoder attends to the encoder's states with additive scores.
// Exercise 3 · 20 minutes · ●●○ · after 01_sequence_loss
//
//   decoder.states (B, T, Cq), encoder.states (B, S, Ck), values (B, S, Dv) -> context (B, T, Dv)
//   score[t][s]   = v · tanh(W_q query[t] + W_k key[s])
//   weights[t]    = softmax of score[t] over s
//   context[t]    = sum over s of weights[t][s] · value[s]
//
// The decoder's states are the queries, the encoder's states are the keys. Both are batches of
// sequences of different lengths. The padding of one of them must get no weight: which one? (All T
// rows are computed; the loss ignores those after the end of the target.) If the source has length
// 0, the context is 0. The encoder's states at padding may have any value, including NaN; values at
// padding are finite.
//
// You may use:  linear(x, weight) for x · weightᵀ, tanh, matmul, x.unsqueeze(axis), and +, which
//               broadcasts: (B, T, 1, H) + (B, 1, S, H) is (B, T, S, H), every query with every key;
//               padding(lengths, n), a Mask (B, 1, n) that is true for the words; x.size(axis);
//               masked_softmax(scores, mask), over the last axis, exactly 0 if the mask is false.
#include "lessons/01_why_attention/exercises.h"

namespace heed::exercise {

Tensor additive_attention(const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values,
                          const AdditiveWeights& w) {
  // solution: score every query against every key, then average the values
  const Tensor q = linear(decoder.states, w.W_q).unsqueeze(2);  // (B, T, 1, H)
  const Tensor k = linear(encoder.states, w.W_k).unsqueeze(1);  // (B, 1, S, H)
  const Tensor scores = matmul(tanh(q + k), w.v);               // (B, T, S)
  const Mask words = padding(encoder.lengths, values.size(1));  // (B, 1, S)
  return matmul(masked_softmax(scores, words), values);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Every query meets every key: T times S sums of H numbers. Which shapes broadcast to that? And
//    which of the two sequences has padding that could be attended to?
// 2. W_q q is (B, T, H), reshaped to (B, T, 1, H); W_k k is (B, S, H), reshaped to (B, 1, S, H);
//    tanh of their sum is (B, T, S, H); the product with v (H) is the scores (B, T, S). The mask of
//    the source words is (B, 1, S), the weights are (B, T, S), the context is weights · values.
// 3. `const Tensor scores = matmul(tanh(q + k), w.v);` with
//    `q = linear(decoder.states, w.W_q).unsqueeze(2)` and the new axis of k at 1; then
//    `masked_softmax(scores, padding(encoder.lengths, values.size(1)))`, and matmul with the
//    values.
