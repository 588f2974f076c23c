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
  // solution: compute the gates and the candidate, interpolate between the candidate and h
  const std::vector<Tensor> of_x = chunk(linear(x, w.weight_ih, w.bias_ih), 3, -1);
  const std::vector<Tensor> of_h = chunk(linear(h, w.weight_hh, w.bias_hh), 3, -1);
  const Tensor r = sigmoid(of_x[0] + of_h[0]), z = sigmoid(of_x[1] + of_h[1]);
  const Tensor n = tanh(of_x[2] + r * of_h[2]);
  return (1.0 - z) * n + z * h;
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Why can the products of x and of h not be added before they are split, as in an LSTM?
// 2. Two tensors (B, 3 H), each split into three: r and z are σ of the sum of the two parts; n is
//    tanh of x's part plus r times h's part; z is the fraction of h to keep.
// 3. `const Tensor n = tanh(of_x[2] + r * of_h[2]);` and `return (1.0 - z) * n + z * h;`, with
//    `r = sigmoid(of_x[0] + of_h[0])` and z computed likewise from index 1.
