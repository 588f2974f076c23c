#include "nn/transformer_decoder.h"

#include "nn/feed_forward.h"
#include "nn/init.h"

namespace heed::nn {

DecoderSublayers::DecoderSublayers(const MultiheadAttentionOptions& attention,
                                   const TransformerDecoderLayerOptions& o, Generator& gen)
    : self_attn(attention, gen),
      multihead_attn(attention, gen),
      linear1({.in = o.d_model, .out = o.dim_feedforward}, gen),
      linear2({.in = o.dim_feedforward, .out = o.d_model}, gen),
      norm1({.size = o.d_model, .eps = o.layer_norm_eps}),
      norm2({.size = o.d_model, .eps = o.layer_norm_eps}),
      norm3({.size = o.d_model, .eps = o.layer_norm_eps}),
      dropout({.p = o.dropout}, gen),
      dropout1({.p = o.dropout}, gen),
      dropout2({.p = o.dropout}, gen),
      dropout3({.p = o.dropout}, gen) {}

Tensor DecoderSublayers::feed_forward(const Tensor& x, Activation activation) {
  return dropout3(nn::feed_forward(x, activation, linear1, dropout, linear2));
}

void DecoderSublayers::visit_sublayers(Visitor& v) {
  v.child("self_attn", self_attn);
  v.child("multihead_attn", multihead_attn);
  v.child("linear1", linear1);
  v.child("dropout", dropout);
  v.child("linear2", linear2);
  v.child("norm1", norm1);
  v.child("norm2", norm2);
  v.child("norm3", norm3);
  v.child("dropout1", dropout1);
  v.child("dropout2", dropout2);
  v.child("dropout3", dropout3);
}

TransformerDecoderLayer::TransformerDecoderLayer(TransformerDecoderLayerOptions o, Generator& gen)
    : DecoderSublayers(
          {.d_model = o.d_model, .nhead = o.nhead, .dropout = o.dropout, .batch_first = o.batch_first}, o,
          gen),
      options(o) {}

Tensor TransformerDecoderLayer::forward(const Tensor& target, const Tensor& memory,
                                        const DecodeOptions& decode) {
  const char* op = "TransformerDecoderLayer";
  check_sequence(op, "target", target, options.d_model, options.batch_first);
  check_sequence(op, "memory", memory, options.d_model, options.batch_first);
  const auto sizes = [&](const Tensor& key) {
    return attention_sizes(op, target, key, options.nhead, options.batch_first, {"target", "memory"});
  };
  check_mask(op, "memory_mask", decode.memory_mask, sizes(memory));
  check_mask(op, "mask", decode.mask, sizes(target));
  const bool pre_ln = options.norm_first;
  const Tensor in = clear_unattended(target, decode.mask, decode.causal, options.batch_first);
  Tensor h = residual(in, norm1, pre_ln, [&](const Tensor& x) { return attend(x, decode); });
  h = residual(h, norm2, pre_ln, [&](const Tensor& x) { return cross_attend(x, memory, decode); });
  return residual(h, norm3, pre_ln, [&](const Tensor& x) { return feed_forward(x, options.activation); });
}

Tensor TransformerDecoderLayer::attend(const Tensor& x, const DecodeOptions& decode) {
  return dropout1(self_attn.forward(x, x, x, {.mask = decode.mask, .causal = decode.causal}).output);
}

Tensor TransformerDecoderLayer::cross_attend(const Tensor& x, const Tensor& memory,
                                             const DecodeOptions& decode) {
  return dropout2(multihead_attn.forward(x, memory, memory, {.mask = decode.memory_mask}).output);
}

TransformerDecoder::TransformerDecoder(TransformerDecoderOptions o, Generator& gen) : options(o) {
  check(o.num_layers >= 0, "TransformerDecoder", "expected num_layers of at least 0, got ", o.num_layers);
  for (index_t i = 0; i < o.num_layers; ++i) layers.emplace_back(o.layer, gen);
  if (o.norm) norm.emplace(LayerNormOptions{o.layer.d_model, o.layer.layer_norm_eps});
}

Tensor TransformerDecoder::forward(const Tensor& target, const Tensor& memory, const DecodeOptions& decode) {
  Tensor y = target;
  for (auto& layer : layers) y = layer.forward(y, memory, decode);
  return norm ? (*norm)(y) : y;
}

void TransformerDecoder::visit(Visitor& v) {
  v.child("layers", layers);
  v.child("norm", norm);
}

Transformer::Transformer(TransformerOptions o, Generator& gen)
    : options(o),
      encoder({.layer = o.layer, .num_layers = o.num_encoder_layers, .norm = true}, gen),
      decoder({.layer = o.layer, .num_layers = o.num_decoder_layers, .norm = true}, gen) {
  for (Tensor& p : parameters())
    if (p.rank() > 1) init::xavier_uniform(p, gen);
}

Tensor Transformer::forward(const Tensor& source, const Tensor& target, TranslateOptions translate) {
  const Tensor memory = encoder.forward(source, {.mask = translate.source_mask});
  const Mask& mask = translate.source_mask;
  const bool is_padding = mask.defined() && mask.rank() >= 2 && mask.shape().back(2) == 1;
  if (!translate.decode.memory_mask.defined() && is_padding) translate.decode.memory_mask = mask;
  return decoder.forward(target, memory, translate.decode);
}

void Transformer::visit(Visitor& v) {
  v.child("encoder", encoder);
  v.child("decoder", decoder);
}

}  // namespace heed::nn
