// transformer_decoder.h — the other half of the paper: a stack that writes, looking at what an encoder has read.
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
  bool causal = true;     // a token attends to the tokens before it and itself
  Mask memory_mask = {};  // over the memory, for cross-attention
};

using TransformerDecoderLayerOptions = TransformerEncoderLayerOptions;  // the same choices

// target (T, B, C), memory (S, B, C) -> (T, B, C): self attention, attention to the memory, feed-forward, each
// added to what it was given; post-LN by default, pre-LN with norm_first. Vaswani et al., 2017, section 3.1.
// Padding of the target (positions that `mask` lets no query attend to) and of the memory
// (`memory_mask`) may hold anything, NaN included: it influences no output at other positions and
// no gradient. Throws if target and memory differ in number of axes or in batch size, or if a mask
// does not fit.
struct TransformerDecoderLayer : ModuleOf<TransformerDecoderLayer> {
  TransformerDecoderLayerOptions options;
  MultiheadAttention self_attn, multihead_attn;  // multihead_attn reads the memory: PyTorch's name
  Linear linear1, linear2;
  LayerNorm norm1, norm2, norm3;
  Dropout dropout, dropout1, dropout2, dropout3;

  TransformerDecoderLayer(TransformerDecoderLayerOptions options, Generator& gen);
  Tensor forward(const Tensor& target, const Tensor& memory, const DecodeOptions& how = {});
  void visit(Visitor& v) override;
  std::string type() const override { return "TransformerDecoderLayer"; }

 private:
  Tensor attend(const Tensor& x, const DecodeOptions& how);
  Tensor look(const Tensor& x, const Tensor& memory, const DecodeOptions& how);
  Tensor feed_forward(const Tensor& x);
};

struct TransformerDecoderOptions {
  TransformerDecoderLayerOptions layer = {};
  index_t num_layers = 6;
  bool norm = false;
};

struct TransformerDecoder : ModuleOf<TransformerDecoder> {
  TransformerDecoderOptions options;
  std::vector<TransformerDecoderLayer> layers;
  std::optional<LayerNorm> norm;

  TransformerDecoder(TransformerDecoderOptions options, Generator& gen);
  Tensor forward(const Tensor& target, const Tensor& memory, const DecodeOptions& how = {});
  void visit(Visitor& v) override { v.child("layers", layers), v.child("norm", norm); }
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

// Encoder and decoder, each ending with a norm; matrices start from Xavier's uniform distribution.
// source (S, B, C), target (T, B, C) -> (T, B, C). If decode.memory_mask is not given and the
// source's mask is the same for all queries, as (B, 1, S) is, cross-attention uses it too: nobody
// attends to padding.
struct Transformer : ModuleOf<Transformer> {
  TransformerOptions options;
  TransformerEncoder encoder;
  TransformerDecoder decoder;

  Transformer(TransformerOptions options, Generator& gen);
  Tensor forward(const Tensor& source, const Tensor& target, TranslateOptions how = {});
  void visit(Visitor& v) override { v.child("encoder", encoder), v.child("decoder", decoder); }
  std::string type() const override { return "Transformer"; }
};

}  // namespace heed::nn
