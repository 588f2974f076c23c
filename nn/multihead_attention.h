// multihead_attention.h — lesson 04: several attention heads in parallel, each with a separate part
// of the channels.
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
  double dropout = 0;   // of the attention weights, in training mode
  bool bias = true;
  bool batch_first = false;    // (T, B, C), see layout.h
  index_t kdim = 0, vdim = 0;  // widths of key and value; 0: d_model
  bool add_bias_kv = false;    // appends a learned key and value that every query may attend to
  bool add_zero_attn = false;  // appends a key and value of zeros: a query can attend to nothing
};

// The options of one call.
enum class Weights { none, per_head, average };
struct AttendOptions {
  Mask mask = {};  // true = may attend; (T, S), (B, T, S), (B, 1, S) or (B, H, T, S)
  // Also masks keys after the query. The alignment defines the keys after a query if T != S.
  bool causal = false;
  CausalAlignment causal_alignment = CausalAlignment::bottom_right;
  Tensor score_bias = {};  // added to the scores; shapes as for the mask; -inf masks a key
  // Which attention weights to return: none, (B, H, T, S), or their mean over heads (B, T, S).
  Weights weights = Weights::none;
};

// query (T, B, C), key (S, B, kdim), value (S, B, vdim) -> output (T, B, C). For self-attention,
// pass one tensor three times. Names, layout and initialisation equal those of
// torch.nn.MultiheadAttention; its boolean masks have the opposite meaning, and its float masks
// correspond to score_bias. The returned weights are those before dropout; with add_bias_kv or
// add_zero_attn their last axis is longer by one each. Vaswani et al., "Attention is all you need",
// 2017, section 3.2.2.
//
// Padding may contain any values, NaN included: a key that no query may attend to, its value and,
// in self-attention, the query at its position influence no other output and no gradient.
//
// Throws "[MultiheadAttention] …" if a sequence does not have a valid shape (layout.h), if the
// number of values differs from the number of keys, or if the mask or the score bias does not
// broadcast to the scores; also if B = T > 1 and a mask (T, S) could equally be (B, S).
struct MultiheadAttention : ModuleOf<MultiheadAttention> {
  MultiheadAttentionOptions options;
  Tensor in_proj_weight;  // (3C, C): W_Q, W_K and W_V stacked; if kdim or vdim differs from C, instead:
  Tensor q_proj_weight, k_proj_weight, v_proj_weight;  // (C, C), (C, kdim), (C, vdim)
  Tensor in_proj_bias;                                 // (3C), or undefined
  Tensor bias_k, bias_v;                               // (1, 1, C) with add_bias_kv
  Linear out_proj;                                     // W_O
  Generator generator;

  MultiheadAttention(MultiheadAttentionOptions options, Generator& gen);
  AttentionResult forward(const Tensor& query, const Tensor& key, const Tensor& value,
                          const AttendOptions& attend = {});
  void visit(Visitor& v) override;
  std::string type() const override { return "MultiheadAttention"; }
  std::string details() const override;

 private:
  AttentionSizes check_inputs(const Tensor& query, const Tensor& key, const Tensor& value) const;
  std::array<Tensor, 3> without_padding(const Tensor& query, const Tensor& key, const Tensor& value,
                                        const AttentionOptions& attend, const AttentionSizes& sizes) const;
  std::array<Tensor, 3> project(const Tensor& query, const Tensor& key, const Tensor& value) const;
  void append_keys(Tensor& k, Tensor& v, AttentionOptions& attend, index_t t) const;
};

}  // namespace heed::nn
