// transformer_encoder.h — lessons 05 and 07: the block of attention and feed-forward, and a stack of them.
//
//   TransformerEncoderLayer encoder_layer(
//       {.d_model = 512, .nhead = 8, .dim_feedforward = 2048, .dropout = 0.1}, gen);
//   TransformerEncoder encoder(encoder_layer, {.num_layers = 6}, gen);
//   Tensor output = encoder(randn({10, 32, 512}, gen));      // (seq, batch, d_model)
#pragma once

#include <vector>

#include "nn/activations.h"
#include "nn/dropout.h"
#include "nn/multihead_attention.h"
#include "nn/norm.h"

namespace heed::nn {

// One (B, H, T, T) a layer, without history: for pictures.
using AttentionMaps = std::vector<Tensor>;
struct OutputWithAttention {
  Tensor output;
  AttentionMaps weights;
};

struct EncodeOptions {
  Mask mask = {};  // true = may attend; axes and errors as in AttendOptions
  bool causal = false;
  AttentionMaps* maps = nullptr;  // where given, each layer appends its weights
};

struct TransformerEncoderLayerOptions {
  index_t d_model = 0;
  index_t nhead = 1;
  index_t dim_feedforward = 2048;
  double dropout = 0.1;
  Activation activation = Activation::relu;
  double layer_norm_eps = 1e-5;
  bool batch_first = false;
  bool norm_first = false;  // false: post-LN, as in the paper, the course and PyTorch; true: pre-LN
};

// x (T, B, C) -> (T, B, C). Each of the two sublayers is added to what it was given.
//   post-LN   h = norm1(x + attention(x));   y = norm2(h + feed_forward(h))      Vaswani et al., 2017
//   pre-LN    h = x + attention(norm1(x));   y = h + feed_forward(norm2(h))      Xiong et al., 2020
// Padding, the positions that no query may attend to, may hold anything, NaN included: it
// influences no output at other positions and no gradient.
struct TransformerEncoderLayer : ModuleOf<TransformerEncoderLayer> {
  TransformerEncoderLayerOptions options;
  MultiheadAttention self_attn;
  Linear linear1, linear2;
  LayerNorm norm1, norm2;
  Dropout dropout, dropout1, dropout2;  // inside the feed-forward; after attention; after the feed-forward

  TransformerEncoderLayer(TransformerEncoderLayerOptions options, Generator& gen);
  Tensor forward(const Tensor& x, const EncodeOptions& how = {});
  void visit(Visitor& v) override;
  std::string type() const override { return "TransformerEncoderLayer"; }
  std::string details() const override;

 private:
  Tensor attend(const Tensor& x, const EncodeOptions& how);
  Tensor feed_forward(const Tensor& x);
};

struct TransformerEncoderOptions {
  TransformerEncoderLayerOptions layer = {};
  index_t num_layers = 6;
  bool norm =
      false;  // one more LayerNorm at the end; a pre-LN stack needs it, its last sum is not normalised
};

// Layers one after the other, each with parameters of its own.
struct TransformerEncoder : ModuleOf<TransformerEncoder> {
  TransformerEncoderOptions options;
  std::vector<TransformerEncoderLayer> layers;
  std::optional<LayerNorm> norm;

  // Every layer starts from random numbers of its own.
  TransformerEncoder(TransformerEncoderOptions options, Generator& gen);
  // PyTorch's form: every layer starts as a clone of `layer` (options.layer is not read). Only the dropout
  // generators are new, else all layers would drop the same elements.
  TransformerEncoder(const TransformerEncoderLayer& layer, TransformerEncoderOptions options, Generator& gen);
  Tensor forward(const Tensor& x, const EncodeOptions& how = {});
  OutputWithAttention forward_with_attention(const Tensor& x, EncodeOptions how = {});
  void visit(Visitor& v) override { v.child("layers", layers), v.child("norm", norm); }
  std::string type() const override { return "TransformerEncoder"; }

 private:
  void add_norm();
};

}  // namespace heed::nn
