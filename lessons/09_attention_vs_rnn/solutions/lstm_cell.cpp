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
  // solution: compute the gates, update the cell state, output the hidden state
  const Tensor all =
      linear(x, w.weight_ih, w.bias_ih) + linear(before.h, w.weight_hh, w.bias_hh);  // (B, 4 H)
  const std::vector<Tensor> gates = chunk(all, 4, -1);
  const Tensor i = sigmoid(gates[0]), f = sigmoid(gates[1]), g = tanh(gates[2]), o = sigmoid(gates[3]);
  const Tensor c = f * before.c + i * g;
  return {o * tanh(c), c};
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. The cell state can pass through a step unchanged. Which values must the gates have for that?
// 2. One sum (B, 4 H) of x's and h's products, split into i, f, g, o of shape (B, H); σ for three
//    of them, tanh for one; c' from f, c, i, g; h' from o and c'.
// 3. `const Tensor c = sigmoid(gates[1]) * before.c + sigmoid(gates[0]) * tanh(gates[2]);` and
//    `return {sigmoid(gates[3]) * tanh(c), c};`, with gates =
//    `chunk(linear(x, …) + linear(before.h, …), 4, -1)`.
