// 09 · rnn_read — a recurrent net reads a text, one word after the other.
//
//   x (T, B, I), h0 (B, H) or undefined: zeros -> the state after each word (T, B, H)
//   h[t] = tanh(W_ih x[t] + b_ih + W_hh h[t-1] + b_hh),  h[-1] = h0
//   afterwards net.h is the state after the last word
//
// All four weights are defined, the biases too, and T is at least 1. Each call is a new text: what net.h still
// holds of the one before has nothing to do with it. And the same W_hh is used at every step: what has to be true
// of h, so that its gradient is the sum over all of them?
//
// You may use:  x[t] (B, I), x.size(axis), linear(x, weight, bias) for x · weightᵀ + bias, tanh,
//               zeros(shape, x.dtype()), h0.defined(), stack(list) which puts T tensors (B, H) into one (T, B, H).
#include "lessons/09_attention_vs_rnn/exercises.h"

namespace heed::exercise {

Tensor rnn_read(Reader& net, const Tensor& x, const Tensor& h0) {
  todo("carry the state along, from word to word");
}

}  // namespace heed::exercise
