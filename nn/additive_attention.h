// additive_attention.h — lesson 01: additive attention. A small network scores how well a query
// matches a key.
#pragma once

#include "autograd/ops.h"
#include "nn/linear.h"
#include "nn/module.h"

namespace heed::nn {

struct AdditiveAttentionOptions {
  index_t query_size = 0, key_size = 0;
  index_t hidden_size = 0;  // of the scoring network
};

// score(q, k) = vᵀ tanh(W_q q + W_k k), followed by a softmax over the keys and the weighted sum of
// the values.
//   query (B, T, query_size), key (B, S, key_size), value (B, S, Dv), mask (T, S), (B, T, S) or (B, 1, S)
//   -> output (B, T, Dv), weights (B, T, S)
// Masks and masked positions are treated as in attention(): see AttentionOptions in ops.h.
// Bahdanau, Cho, Bengio, "Neural machine translation by jointly learning to align and translate",
// 2015, A.1.2.
struct AdditiveAttention : ModuleOf<AdditiveAttention> {
  AdditiveAttentionOptions options;
  Linear W_q, W_k, v;

  AdditiveAttention(AdditiveAttentionOptions options, Generator& gen);
  AttentionResult forward(const Tensor& query, const Tensor& key, const Tensor& value,
                          const Mask& mask = {}) const;
  void visit(Visitor& visitor) override;
  std::string type() const override { return "AdditiveAttention"; }
};

}  // namespace heed::nn
