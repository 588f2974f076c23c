// multihead_attention.h — lesson 04: several attentions side by side, each on its own part of the channels.
#pragma once

#include <array>

#include "autograd/ops.h"
#include "nn/layout.h"
#include "nn/linear.h"
#include "nn/module.h"

namespace heed::nn {

struct MultiheadAttentionOptions {
  index_t d_model = 0;  // C
  index_t nhead = 1;    // H; must divide d_model
  double dropout = 0;   // on the weights, while training
  bool bias = true;
  bool batch_first = false;    // (T, B, C), see layout.h
  index_t kdim = 0, vdim = 0;  // widths of key and value; 0: d_model
  bool add_bias_kv = false;    // one more key and value, learned, that every query may attend to
  bool add_zero_attn = false;  // one more key and value of zeros: a way to attend to nothing
};

// The options of one call.
enum class Weights { none, per_head, average };
struct AttendOptions {
  Mask mask = {};  // true = may attend; (T, S), (B, T, S), (B, 1, S) or (B, H, T, S)
  // Also masks keys after the query; the alignment says which these are if T != S.
  bool causal = false;
  CausalAlignment causal_alignment = CausalAlignment::bottom_right;
  Tensor score_bias = {};           // added to the scores; shapes as the mask's; -inf hides
  Weights weights = Weights::none;  // return them too: (B, H, T, S), or their mean over heads (B, T, S)
};

// query (T, B, C), key (S, B, kdim), value (S, B, vdim) -> output (T, B, C). Self attention gives one
// tensor three times. Names, layout and start are those of torch.nn.MultiheadAttention; its boolean
// masks say the opposite of ours, its float masks are our score_bias. Returned weights are those before
// dropout, (…, S + 1) with add_bias_kv or add_zero_attn. Vaswani et al., "Attention is all you need",
// 2017, section 3.2.2.
//
// Padding may hold anything, NaN included: a key that no query may attend to, its value and, in
// self-attention, the query at its position influence no other output and no gradient.
//
// Throws if the sequences do not fit (layout.h), if there is not one value for each key, or if the
// mask or the score bias does not fit; also if B = T > 1 and the mask is a (T, S) that could as
// well be (B, S).
struct MultiheadAttention : ModuleOf<MultiheadAttention> {
  MultiheadAttentionOptions options;
  Tensor in_proj_weight;  // (3C, C): W_Q, W_K and W_V on top of each other; or, where widths differ:
  Tensor q_proj_weight, k_proj_weight, v_proj_weight;  // (C, C), (C, kdim), (C, vdim)
  Tensor in_proj_bias;                                 // (3C), or undefined
  Tensor bias_k, bias_v;                               // (1, 1, C) with add_bias_kv
  Linear out_proj;                                     // W_O
  Generator generator;

  MultiheadAttention(MultiheadAttentionOptions options, Generator& gen);
  AttentionResult forward(const Tensor& query, const Tensor& key, const Tensor& value,
                          const AttendOptions& how = {});
  void visit(Visitor& v) override;
  std::string type() const override { return "MultiheadAttention"; }
  std::string details() const override;

 private:
  AttentionSizes check_inputs(const Tensor& query, const Tensor& key, const Tensor& value) const;
  std::array<Tensor, 3> without_padding(const Tensor& query, const Tensor& key, const Tensor& value,
                                        const AttentionOptions& attend, const AttentionSizes& sizes) const;
  std::array<Tensor, 3> project(const Tensor& query, const Tensor& key, const Tensor& value) const;
  void append_keys(Tensor& k, Tensor& v, AttentionOptions& how, index_t t) const;
  Tensor split_heads(const Tensor& x) const;
  Tensor join_heads(const Tensor& heads) const;
};

}  // namespace heed::nn
