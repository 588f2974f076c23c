// attention.h — lessons 02 and 03: scaled dot-product attention, and self-attention with one head.
#pragma once

#include "autograd/ops.h"
#include "nn/linear.h"
#include "nn/module.h"

namespace heed::nn {

struct ScaledDotProductAttentionOptions {
  double dropout = 0;  // of the attention weights, in training mode
};

// Lesson 02: softmax(Q Kᵀ / √D) V. It has no parameters. Vaswani et al., 2017, equation 1.
//   q (..., T, D), k (..., S, D), v (..., S, Dv)
//   mask (T, S), or with all axes of (..., T, S); true = may attend
//   -> output (..., T, Dv), weights (..., T, S)
// Masks, padding and errors: see attention() in ops.h.
struct ScaledDotProductAttention : ModuleOf<ScaledDotProductAttention> {
  ScaledDotProductAttentionOptions options;
  Generator generator;

  ScaledDotProductAttention(ScaledDotProductAttentionOptions options, Generator& gen);
  AttentionResult forward(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& mask = {});
  void visit(Visitor& v) override { v.generator("generator", generator); }
  std::string type() const override { return "ScaledDotProductAttention"; }
  std::string details() const override { return concat("dropout=", options.dropout); }
};

struct SelfAttentionOptions {
  index_t d_model = 0;
  index_t d_k = 0;    // width of queries and keys; 0: d_model
  index_t d_v = 0;    // width of values and of the output; 0: d_model
  bool bias = false;  // Q = X · W_Q in the course has no bias
};

// Lesson 03: every position of a sequence attends to every position. Q = x W_q, K = x W_k, V = x
// W_v (the weights are stored transposed, as in Linear).
//   x (..., T, d_model), mask (T, T) or with all axes of (..., T, T)
//   -> output (..., T, d_v), weights (..., T, T)
// Positions that no query may attend to may contain any values: see AttentionOptions in ops.h.
struct SelfAttention : ModuleOf<SelfAttention> {
  SelfAttentionOptions options;
  Linear W_q, W_k, W_v;

  SelfAttention(SelfAttentionOptions options, Generator& gen);
  AttentionResult forward(const Tensor& x, const Mask& mask = {}) const;
  void visit(Visitor& v) override {
    v.child("W_q", W_q);
    v.child("W_k", W_k);
    v.child("W_v", W_v);
  }
  std::string type() const override { return "SelfAttention"; }
};

}  // namespace heed::nn
