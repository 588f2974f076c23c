// 01 · additive_attention — for each word to write, the reader's words mixed by how well they match. Bahdanau, 2015.
//
//   writer.states (B, T, Cq), reader.states (B, S, Ck), values (B, S, Dv) -> context (B, T, Dv)
//   score[t][s]   = v · tanh(W_q query[t] + W_k key[s])       queries are the writer's states, keys the reader's
//   weights[t]    = softmax of the scores[t] over s
//   context[t]    = sum over s of weights[t][s] · value[s]
//
// Both sides are batches of texts of different lengths. The padding of one side must get no weight:
// of which? (All T rows are computed: those beyond the end of what is written are left out by the
// loss.) Where nothing was read, length 0, the context is 0. The reader's states at padding may
// hold anything, NaN included; values at padding are finite.
//
// You may use:  linear(x, weight) for x · weightᵀ, tanh, matmul, x.unsqueeze(axis), and + which broadcasts:
//               (B, T, 1, H) + (B, 1, S, H) is (B, T, S, H), every query beside every key;
//               padding(lengths, n), a Mask (B, 1, n), true for each text's words; x.size(axis);
//               masked_softmax(scores, mask), over the last axis, exactly 0 where the mask is false.
#include "lessons/01_why_attention/exercises.h"

namespace heed::exercise {

Tensor additive_attention(const Padded& writer, const Padded& reader, const Tensor& values,
                          const AdditiveWeights& w) {
  todo("score every query against every key, then mix the values");
}

}  // namespace heed::exercise
