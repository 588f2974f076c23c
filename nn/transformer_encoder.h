// transformer_encoder.h — lessons 05 and 07: the encoder block, and a stack of blocks.
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

// Attention weights (B, H, T, T), one tensor per layer, detached from the graph.
using AttentionMaps = std::vector<Tensor>;
struct OutputWithAttention {
  Tensor output;
  AttentionMaps weights;
};

struct EncodeOptions {
  Mask mask = {};  // true = may attend; axes and errors as in AttendOptions
  bool causal = false;
  AttentionMaps* maps = nullptr;  // if not null, each layer appends its attention weights
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

// The sublayers of an encoder block, shared with the blocks of DETR. The constructor draws their
// parameters in PyTorch's order.
struct EncoderSublayers {
  MultiheadAttention self_attn;
  Linear linear1, linear2;
  LayerNorm norm1, norm2;
  // Inside the feed-forward; after attention; after the feed-forward.
  Dropout dropout, dropout1, dropout2;

 protected:
  EncoderSublayers(const MultiheadAttentionOptions& attention, const TransformerEncoderLayerOptions& options,
                   Generator& gen);
  Tensor feed_forward(const Tensor& x, Activation activation);  // with dropout2
  void visit_sublayers(Visitor& v);
};

// x (T, B, C) -> (T, B, C). Attention and feed-forward, each with a residual connection.
//   post-LN   h = norm1(x + attention(x));   y = norm2(h + feed_forward(h))      Vaswani et al., 2017
//   pre-LN    h = x + attention(norm1(x));   y = h + feed_forward(norm2(h))      Xiong et al., 2020
// Padding (positions that no query may attend to) may contain any values, NaN included: it
// influences no output at other positions and no gradient. Throws if x or the mask does not have a
// valid shape.
struct TransformerEncoderLayer : ModuleOf<TransformerEncoderLayer>, EncoderSublayers {
  TransformerEncoderLayerOptions options;

  TransformerEncoderLayer(TransformerEncoderLayerOptions options, Generator& gen);
  Tensor forward(const Tensor& x, const EncodeOptions& encode = {});
  void visit(Visitor& v) override { visit_sublayers(v); }
  std::string type() const override { return "TransformerEncoderLayer"; }
  std::string details() const override;

 private:
  Tensor attend(const Tensor& x, const EncodeOptions& encode);
};

struct TransformerEncoderOptions {
  TransformerEncoderLayerOptions layer = {};
  index_t num_layers = 6;
  // Ends the stack with a LayerNorm. A pre-LN stack needs it, because its last sum is not
  // normalised.
  bool norm = false;
};

// A stack of layers. Layers do not share parameters.
struct TransformerEncoder : ModuleOf<TransformerEncoder> {
  TransformerEncoderOptions options;
  std::vector<TransformerEncoderLayer> layers;
  std::optional<LayerNorm> norm;

  // Initialises every layer with different random numbers.
  TransformerEncoder(TransformerEncoderOptions options, Generator& gen);
  // PyTorch's form: every layer starts as a clone of `layer` (options.layer is not used). Only the
  // dropout generators are new; with equal ones, all layers would drop the same elements.
  TransformerEncoder(const TransformerEncoderLayer& layer, TransformerEncoderOptions options, Generator& gen);
  Tensor forward(const Tensor& x, const EncodeOptions& encode = {});
  OutputWithAttention forward_with_attention(const Tensor& x, EncodeOptions encode = {});
  void visit(Visitor& v) override;
  std::string type() const override { return "TransformerEncoder"; }

 private:
  void add_norm();
};

}  // namespace heed::nn
