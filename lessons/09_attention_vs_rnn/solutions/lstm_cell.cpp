// 09 · lstm_cell — one step of an LSTM: four gates, a cell that is kept, and a state that is shown.
//
//   x (B, I), before.h (B, H), before.c (B, H) -> the next h and c
//   all four gates at once: W_ih x + b_ih + W_hh h + b_hh is (B, 4 H), in the order i, f, g, o
//   i = σ(…)  what of the new to let in      f = σ(…)  what of the old to keep
//   g = tanh(…)  the new                     o = σ(…)  what to show
//   c' = f c + i g        h' = o tanh(c')
//
// All four weights are defined, the biases too. Which of the four is no gate, and so may be negative?
//
// You may use:  linear(x, weight, bias) for x · weightᵀ + bias, sigmoid, tanh, + and *,
//               chunk(gates, 4, -1), a list of four tensors (B, H).
#include "lessons/09_attention_vs_rnn/exercises.h"

namespace heed::exercise {

RecurrentState lstm_cell(const Tensor& x, const RecurrentState& before, const RecurrentWeights& w) {
  // solution: open the gates, renew the cell, show the state
  const Tensor all =
      linear(x, w.weight_ih, w.bias_ih) + linear(before.h, w.weight_hh, w.bias_hh);  // (B, 4 H)
  const std::vector<Tensor> gates = chunk(all, 4, -1);
  const Tensor i = sigmoid(gates[0]), f = sigmoid(gates[1]), g = tanh(gates[2]), o = sigmoid(gates[3]);
  const Tensor c = f * before.c + i * g;
  return {o * tanh(c), c};
  // end
}

}  // namespace heed::exercise
