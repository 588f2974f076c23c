// 09_gru_cell — One step of a GRU: reset gate, update gate and candidate state.
// Exercise 4 · 15 minutes · ●●○ · after 09_lstm_cell
//
//   x (B, I), h (B, H) -> the next h (B, H)
//   W_ih x + b_ih and W_hh h + b_hh are (B, 3 H) each and contain r, z, n in this order
//   r = σ(r of x + r of h)              reset gate: how much of h the candidate uses
//   z = σ(z of x + z of h)              update gate: how much of h to keep
//   n = tanh(n of x + r · (n of h))     candidate state
//   h' = (1 - z) n + z h
//
// A GRU resembles an LSTM with two gates and without a cell state. All weights and biases are
// defined. Some papers and libraries swap z and 1 - z, apply r before the product with W_hh, or
// order the gates differently. All variants learn, but their weights are not interchangeable.
// This is PyTorch's variant.
//
// You may use:  linear(x, weight, bias) for x · weightᵀ + bias, sigmoid, tanh, + - *, 1.0 - z,
//               chunk(gates, 3, -1), a list of three tensors (B, H).
#include "lessons/09_attention_vs_rnn/exercises.h"

namespace heed::exercise {

Tensor gru_cell(const Tensor& x, const Tensor& h, const RecurrentWeights& w) {
  todo("compute the gates and the candidate, interpolate between the candidate and h");
}

}  // namespace heed::exercise
