// additive_attention.cpp — every query beside every key, through a tanh.
#include "nn/additive_attention.h"

#include <algorithm>

namespace heed::nn {

static const char* const op = "AdditiveAttention";

AdditiveAttention::AdditiveAttention(AdditiveAttentionOptions o, Generator& gen)
    : options(o),
      W_q({.in = o.query_size, .out = o.hidden_size, .bias = false}, gen),
      W_k({.in = o.key_size, .out = o.hidden_size, .bias = false}, gen),
      v({.in = o.hidden_size, .out = 1, .bias = false}, gen) {}

// (B, S, 1): true for the keys that the mask (B, T, S) hides from every query.
static Mask hidden_from_all(const Mask& mask) {
  const index_t batch = mask.shape()[0], time = mask.shape()[1], keys = mask.shape()[2];
  std::vector<std::uint8_t> hidden(static_cast<std::size_t>(batch * keys), 1);
  for (index_t row = 0; row < batch * time; ++row)
    for (index_t s = 0; s < keys; ++s)
      if (mask.data()[row * keys + s]) hidden[static_cast<std::size_t>(row / time * keys + s)] = 0;
  return {std::move(hidden), {batch, keys, 1}};
}

// x (B, S, C) with zeros in the hidden rows; x itself if they are zeros already.
template <class T>
static Tensor cleared(const Tensor& x, const Mask& hidden) {
  const Tensor dense = x.detach().contiguous();
  const index_t channels = x.size(2);
  for (index_t i = 0; i < hidden.numel(); ++i) {
    const T* row = dense.data<T>() + i * channels;
    if (hidden.data()[i] && std::any_of(row, row + channels, [](T value) { return value != 0; }))
      return masked_fill(x, hidden, 0);
  }
  return x;
}
static Tensor cleared(const Tensor& x, const Mask& hidden) {
  return x.dtype() == f32 ? cleared<float>(x, hidden) : cleared<double>(x, hidden);
}

AttentionResult AdditiveAttention::forward(const Tensor& query, const Tensor& key, const Tensor& value,
                                           const Mask& mask) const {
  const bool fits = query.defined() && key.defined() && value.defined() && query.rank() == 3 &&
                    key.rank() == 3 && value.rank() == 3 && query.size(0) == key.size(0) &&
                    key.size(0) == value.size(0) && key.size(1) == value.size(1);
  check(fits, op, "query, key and value must be (B, T, ", options.query_size, "), (B, S, ", options.key_size,
        ") and (B, S, Dv)");
  if (!mask.defined()) return attend(query, key, value, mask);
  const Shape scores{query.size(0), query.size(1), key.size(1)};
  check(broadcast_shapes(op, scores, mask.shape()) == scores, op, "mask ", mask.shape(),
        " must broadcast to (B, T, S) = ", scores);
  // Padding may hold anything, and a weight of 0 times a NaN would be NaN, in the gradients, too.
  const Mask hidden = hidden_from_all(mask.expand(scores));
  return attend(query, cleared(key, hidden), cleared(value, hidden), mask);
}

AttentionResult AdditiveAttention::attend(const Tensor& query, const Tensor& key, const Tensor& value,
                                          const Mask& mask) const {
  const Tensor sums = tanh(W_q(query).unsqueeze(2) + W_k(key).unsqueeze(1));  // (B, T, S, hidden)
  const Tensor scores = v(sums).squeeze(-1);                                  // (B, T, S)
  const Tensor weights = mask.defined() ? masked_softmax(scores, mask) : softmax(scores, -1);
  return {matmul(weights, value), weights};
}

void AdditiveAttention::visit(Visitor& visitor) {
  visitor.child("W_q", W_q), visitor.child("W_k", W_k), visitor.child("v", v);
}

}  // namespace heed::nn
