// 09_lstm_cell — One step of an LSTM: four gates, the cell state and the hidden state.
// Exercise 3 · 15 minutes · ●●○ · after 09_rnn_forward
//
//   x (B, I), before.h (B, H), before.c (B, H) -> the next h and c
//   W_ih x + b_ih + W_hh h + b_hh is (B, 4 H) and contains i, f, g, o in this order:
//   i = σ(…)  input gate          f = σ(…)  forget gate
//   g = tanh(…)  candidate        o = σ(…)  output gate
//   c' = f c + i g                h' = o tanh(c')
//
// All weights and biases are defined. Why may g be negative, but not i, f and o?
//
// You may use:  linear(x, weight, bias) for x · weightᵀ + bias, sigmoid, tanh, + and *,
//               chunk(gates, 4, -1), a list of four tensors (B, H).
#include "lessons/09_attention_vs_rnn/exercises.h"

namespace heed::exercise {

RecurrentState lstm_cell(const Tensor& x, const RecurrentState& before, const RecurrentWeights& w) {
  todo("compute the gates, update the cell state, output the hidden state");
}

}  // namespace heed::exercise
