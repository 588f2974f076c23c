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
  // solution: clear the padding, and update the state only at tokens
  const index_t batch = x.size(1);
  const Tensor length =
      from_vector(std::vector<double>(lengths.begin(), lengths.end()), {batch, 1}, x.dtype());
  Tensor h = h0.defined() ? h0 : zeros({batch, w.weight_hh.size(0)}, x.dtype());
  std::vector<Tensor> states;
  for (index_t t = 0; t < x.size(0); ++t) {
    const Mask real = length > static_cast<double>(t);  // (B, 1)
    const Tensor token = masked_fill(x[t], !real, 0);
    const Tensor next = tanh(linear(token, w.weight_ih, w.bias_ih) + linear(h, w.weight_hh, w.bias_hh));
    h = where(real, next, h);
    states.push_back(masked_fill(next, !real, 0));
  }
  return {stack(states), h};
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. At step t, some sequences have ended. How should their state and their output behave? And why
//    is multiplying by 0 not enough?
// 2. A mask (B, 1) per step marks the sequences that have a token. Replace the other rows of x[t]
//    by 0 and compute the next state. If the mask is true, use the next state, otherwise the
//    previous one. The output is the next state, with zeros at padding.
// 3. `const Mask real = length > static_cast<double>(t);`, `h = where(real, next, h);` and
//    `masked_fill(next, !real, 0)`; `next` is computed from `masked_fill(x[t], !real, 0)`.
