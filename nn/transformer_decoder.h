// transformer_decoder.h — lesson 05: the decoder block, a stack of blocks, and the complete
// Transformer.
//
//   Transformer model({.layer = {.d_model = 512, .nhead = 8}}, gen);
//   Tensor y = model.forward(source, target, {.source_mask = padding(lengths, S)});   // the target is causal
#pragma once

#include <optional>
#include <vector>

#include "nn/transformer_encoder.h"

namespace heed::nn {

struct DecodeOptions {
  Mask mask = {};         // over the target, for self-attention; axes as in AttendOptions
  bool causal = true;     // a token attends only to itself and to the tokens before it
  Mask memory_mask = {};  // over the memory, for cross-attention
};

using TransformerDecoderLayerOptions = TransformerEncoderLayerOptions;

// The sublayers of a decoder block, shared with the blocks of DETR.
struct DecoderSublayers {
  MultiheadAttention self_attn;
  MultiheadAttention multihead_attn;  // cross-attention; the name is PyTorch's
  Linear linear1, linear2;
  LayerNorm norm1, norm2, norm3;
  // Inside the feed-forward; after self-attention; after cross-attention; after the feed-forward.
  Dropout dropout, dropout1, dropout2, dropout3;

 protected:
  DecoderSublayers(const MultiheadAttentionOptions& attention, const TransformerDecoderLayerOptions& options,
                   Generator& gen);
  Tensor feed_forward(const Tensor& x, Activation activation);  // with dropout3
  void visit_sublayers(Visitor& v);
};

// target (T, B, C), memory (S, B, C) -> (T, B, C). Self-attention, cross-attention to the memory
// and feed-forward, each with a residual connection; post-LN by default, pre-LN with norm_first.
// Vaswani et al., 2017, section 3.1. Padding of the target (positions that no query may attend to
// under `mask`) and of the memory (under `memory_mask`) may contain any values, NaN included: it
// influences no output at other positions and no gradient. Throws if target and memory differ in
// the number of axes or in batch size, or if a mask does not have a valid shape.
struct TransformerDecoderLayer : ModuleOf<TransformerDecoderLayer>, DecoderSublayers {
  TransformerDecoderLayerOptions options;

  TransformerDecoderLayer(TransformerDecoderLayerOptions options, Generator& gen);
  Tensor forward(const Tensor& target, const Tensor& memory, const DecodeOptions& decode = {});
  void visit(Visitor& v) override { visit_sublayers(v); }
  std::string type() const override { return "TransformerDecoderLayer"; }

 private:
  Tensor attend(const Tensor& x, const DecodeOptions& decode);
  Tensor cross_attend(const Tensor& x, const Tensor& memory, const DecodeOptions& decode);
};

struct TransformerDecoderOptions {
  TransformerDecoderLayerOptions layer = {};
  index_t num_layers = 6;
  bool norm = false;  // ends the stack with a LayerNorm
};

struct TransformerDecoder : ModuleOf<TransformerDecoder> {
  TransformerDecoderOptions options;
  std::vector<TransformerDecoderLayer> layers;
  std::optional<LayerNorm> norm;

  TransformerDecoder(TransformerDecoderOptions options, Generator& gen);
  Tensor forward(const Tensor& target, const Tensor& memory, const DecodeOptions& decode = {});
  void visit(Visitor& v) override;
  std::string type() const override { return "TransformerDecoder"; }
};

struct TransformerOptions {
  TransformerEncoderLayerOptions layer = {};
  index_t num_encoder_layers = 6, num_decoder_layers = 6;
};

struct TranslateOptions {
  Mask source_mask = {};      // over the source, in the encoder
  DecodeOptions decode = {};  // of the decoder
};

// Encoder and decoder, each ending with a LayerNorm. Matrices are initialised from Xavier's uniform
// distribution. source (S, B, C), target (T, B, C) -> (T, B, C). If decode.memory_mask is undefined
// and the source mask is equal for all queries, as (B, 1, S) is, cross-attention uses the source
// mask too, so no query attends to padding.
struct Transformer : ModuleOf<Transformer> {
  TransformerOptions options;
  TransformerEncoder encoder;
  TransformerDecoder decoder;

  Transformer(TransformerOptions options, Generator& gen);
  Tensor forward(const Tensor& source, const Tensor& target, TranslateOptions translate = {});
  void visit(Visitor& v) override;
  std::string type() const override { return "Transformer"; }
};

}  // namespace heed::nn
