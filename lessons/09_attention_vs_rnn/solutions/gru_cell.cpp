// 09 · gru_cell — one step of a GRU: as an LSTM's, with two gates and no second state.
//
//   x (B, I), h (B, H) -> the next h (B, H)
//   W_ih x + b_ih and W_hh h + b_hh are (B, 3 H) each, in the order r, z, n
//   r = σ(r of x + r of h)              how much of the old the new may see
//   z = σ(z of x + z of h)              how much of the old to keep
//   n = tanh(n of x + r · (n of h))     the new
//   h' = (1 - z) n + z h
//
// All four weights are defined, the biases too. There are papers and libraries with z and 1 - z the other way
// round, with r inside the product with W_hh, or with the gates in another order. All of them learn; the weights
// of one are of no use to another. This is PyTorch's.
//
// You may use:  linear(x, weight, bias) for x · weightᵀ + bias, sigmoid, tanh, + - *, 1.0 - z,
//               chunk(gates, 3, -1), a list of three tensors (B, H).
#include "lessons/09_attention_vs_rnn/exercises.h"

namespace heed::exercise {

Tensor gru_cell(const Tensor& x, const Tensor& h, const RecurrentWeights& w) {
  // solution: reset, renew, and mix the new with the old
  const std::vector<Tensor> of_x = chunk(linear(x, w.weight_ih, w.bias_ih), 3, -1);
  const std::vector<Tensor> of_h = chunk(linear(h, w.weight_hh, w.bias_hh), 3, -1);
  const Tensor r = sigmoid(of_x[0] + of_h[0]), z = sigmoid(of_x[1] + of_h[1]);
  const Tensor n = tanh(of_x[2] + r * of_h[2]);
  return (1.0 - z) * n + z * h;
  // end
}

}  // namespace heed::exercise
