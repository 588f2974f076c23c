// 09_rnn_forward_padded — The forward pass of a recurrent network for a padded batch.
// Exercise 2 · 20 minutes · ●●● · after 09_rnn_forward
//
//   x (T, B, I), lengths (B), each in [0, T], h0 (B, H) or undefined (zeros)
//   -> states (T, B, H), last (B, H)
//   if t < lengths[b], states[t][b] is h[t] = tanh(W_ih x[t] + b_ih + W_hh h[t-1] + b_hh)
//   at padding, t >= lengths[b], states[t][b] is 0
//   last[b] is the state after the last token of sequence b, or the initial state if it is empty
//
// At padding, x may contain any value, even NaN, which must not influence any output or gradient.
// 0 · NaN is NaN, in backward, too: the gradient of W_ih is a sum over all rows of x. All weights
// and biases are defined, and T is at least 1.
//
// You may use:  x[t], linear(x, weight, bias), tanh, zeros(shape, x.dtype()), h0.defined(),
//               stack(list); std::vector<double>(lengths.begin(), lengths.end()),
//               from_vector(values, {b, 1}, x.dtype()) > 2.0 (a mask (B, 1)),
//               masked_fill(x, mask, value), !mask, where(mask, a, b).
#include "lessons/09_attention_vs_rnn/exercises.h"

namespace heed::exercise {

RecurrentOutput rnn_forward_padded(const RecurrentWeights& w, const Tensor& x,
                                   const std::vector<index_t>& lengths, const Tensor& h0) {
  todo("clear the padding, and update the state only at tokens");
}

}  // namespace heed::exercise
