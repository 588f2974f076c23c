// 09_rnn_forward — The forward pass of a recurrent network over a sequence.
// Exercise 1 · 15 minutes · ●○○ · after 01_translate
//
//   x (T, B, I), h0 (B, H) or undefined (zeros) -> the state after each token, (T, B, H)
//   h[t] = tanh(W_ih x[t] + b_ih + W_hh h[t-1] + b_hh),  h[-1] = h0
//   afterwards, net.h is the state after the last token
//
// All weights and biases are defined, and T is at least 1. Each call processes a new sequence, so
// the previous value of net.h must not influence the result. The same W_hh is used at every step:
// which condition must h satisfy for the gradient of W_hh to be the sum over all steps?
//
// You may use:  x[t] (B, I), x.size(axis), linear(x, weight, bias) for x · weightᵀ + bias, tanh,
//               zeros(shape, x.dtype()), h0.defined(), stack(list),
//               which stacks T tensors (B, H) to (T, B, H).
#include "lessons/09_attention_vs_rnn/exercises.h"

namespace heed::exercise {

Tensor rnn_forward(RecurrentNet& net, const Tensor& x, const Tensor& h0) {
  // solution: carry the state from step to step
  const RecurrentWeights& w = net.w;
  Tensor h = h0.defined() ? h0 : zeros({x.size(1), w.weight_hh.size(0)}, x.dtype());
  std::vector<Tensor> states;
  for (index_t t = 0; t < x.size(0); ++t) {
    h = tanh(linear(x[t], w.weight_ih, w.bias_ih) + linear(h, w.weight_hh, w.bias_hh));
    states.push_back(h);
  }
  net.h = h;
  return stack(states);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Which input of a step is only available after the previous step? And which tensor replaces it
//    in the first step?
// 2. h is h0, or zeros (B, H) of x's dtype. For each t, x[t] (B, I) and h (B, H) give the next h
//    (B, H), which is appended to a list. The list is stacked to (T, B, H); the last h is assigned
//    to net.h.
// 3. `h = tanh(linear(x[t], w.weight_ih, w.bias_ih) + linear(h, w.weight_hh, w.bias_hh));` then
//    `states.push_back(h)`; after the loop `net.h = h` and `stack(states)`.
