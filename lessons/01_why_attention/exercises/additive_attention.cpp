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
  todo("score every query against every key, then average the values");
}

}  // namespace heed::exercise
