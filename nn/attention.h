// attention.h — lessons 02 and 03: attention itself, and attention of a sequence to itself with one head.
#pragma once

#include "autograd/ops.h"
#include "nn/linear.h"
#include "nn/module.h"

namespace heed::nn {

struct ScaledDotProductAttentionOptions {
  double dropout = 0;  // on the weights, while training
};

// Lesson 02: softmax(Q Kᵀ / √D) V. Nothing to learn in it. Vaswani et al., 2017, equation 1.
//   q (..., T, D), k (..., S, D), v (..., S, Dv), mask (T, S) or with all axes of (..., T, S), true
//   = may
//   attend -> output (..., T, Dv), weights (..., T, S)
// Masks, padding and errors are those of attention() in ops.h.
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
  index_t d_v = 0;    // width of values, and so of the output; 0: d_model
  bool bias = false;  // the course's Q = X · W_Q has none
};

// Lesson 03: every place of a sequence asks every other. Q = x W_q, K = x W_k, V = x W_v (each stored as
// Linear stores it, transposed).
//   x (..., T, d_model), mask (T, T) or with all axes of (..., T, T)
//   -> output (..., T, d_v), weights (..., T, T)
// Positions that no query may attend to may hold anything: see AttentionOptions in ops.h.
struct SelfAttention : ModuleOf<SelfAttention> {
  SelfAttentionOptions options;
  Linear W_q, W_k, W_v;

  SelfAttention(SelfAttentionOptions options, Generator& gen);
  AttentionResult forward(const Tensor& x, const Mask& mask = {}) const;
  void visit(Visitor& v) override { v.child("W_q", W_q), v.child("W_k", W_k), v.child("W_v", W_v); }
  std::string type() const override { return "SelfAttention"; }
};

}  // namespace heed::nn
