// transformer_decoder.cpp — the formulas of the decoder's block.
#include "nn/transformer_decoder.h"

#include "nn/init.h"

namespace heed::nn {

static MultiheadAttentionOptions attention_of(const TransformerDecoderLayerOptions& o) {
  return {.d_model = o.d_model, .nhead = o.nhead, .dropout = o.dropout, .batch_first = o.batch_first};
}

TransformerDecoderLayer::TransformerDecoderLayer(TransformerDecoderLayerOptions o, Generator& gen)
    : options(o),
      self_attn(attention_of(o), gen),
      multihead_attn(attention_of(o), gen),
      linear1({.in = o.d_model, .out = o.dim_feedforward}, gen),
      linear2({.in = o.dim_feedforward, .out = o.d_model}, gen),
      norm1({.size = o.d_model, .eps = o.layer_norm_eps}),
      norm2({.size = o.d_model, .eps = o.layer_norm_eps}),
      norm3({.size = o.d_model, .eps = o.layer_norm_eps}),
      dropout({.p = o.dropout}, gen),
      dropout1({.p = o.dropout}, gen),
      dropout2({.p = o.dropout}, gen),
      dropout3({.p = o.dropout}, gen) {}

Tensor TransformerDecoderLayer::forward(const Tensor& target, const Tensor& memory,
                                        const DecodeOptions& how) {
  const char* op = "TransformerDecoderLayer";
  check_sequence(op, "target", target, options.d_model, options.batch_first);
  check_sequence(op, "memory", memory, options.d_model, options.batch_first);
  const auto sizes = [&](const Tensor& key) {
    return attention_sizes(op, target, key, options.nhead, options.batch_first, {"target", "memory"});
  };
  check_mask(op, "memory_mask", how.memory_mask, sizes(memory));
  check_mask(op, "mask", how.mask, sizes(target));
  const Tensor in = clear_unattended(target, how.mask, how.causal, options.batch_first);
  if (options.norm_first) {
    const Tensor h = in + attend(norm1(in), how);
    const Tensor seen = h + look(norm2(h), memory, how);
    return seen + feed_forward(norm3(seen));
  }
  const Tensor h = norm1(in + attend(in, how));
  const Tensor seen = norm2(h + look(h, memory, how));
  return norm3(seen + feed_forward(seen));
}

Tensor TransformerDecoderLayer::attend(const Tensor& x, const DecodeOptions& how) {
  return dropout1(self_attn.forward(x, x, x, {.mask = how.mask, .causal = how.causal}).output);
}

Tensor TransformerDecoderLayer::look(const Tensor& x, const Tensor& memory, const DecodeOptions& how) {
  return dropout2(multihead_attn.forward(x, memory, memory, {.mask = how.memory_mask}).output);
}

Tensor TransformerDecoderLayer::feed_forward(const Tensor& x) {
  return dropout3(linear2(dropout(activate(options.activation, linear1, x))));
}

void TransformerDecoderLayer::visit(Visitor& v) {
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

TransformerDecoder::TransformerDecoder(TransformerDecoderOptions o, Generator& gen) : options(o) {
  check(o.num_layers >= 0, "TransformerDecoder", "num_layers must not be negative, got ", o.num_layers);
  for (index_t i = 0; i < o.num_layers; ++i) layers.emplace_back(o.layer, gen);
  if (o.norm) norm.emplace(LayerNormOptions{o.layer.d_model, o.layer.layer_norm_eps});
}

Tensor TransformerDecoder::forward(const Tensor& target, const Tensor& memory, const DecodeOptions& how) {
  Tensor y = target;
  for (auto& layer : layers) y = layer.forward(y, memory, how);
  return norm ? (*norm)(y) : y;
}

Transformer::Transformer(TransformerOptions o, Generator& gen)
    : options(o),
      encoder({.layer = o.layer, .num_layers = o.num_encoder_layers, .norm = true}, gen),
      decoder({.layer = o.layer, .num_layers = o.num_decoder_layers, .norm = true}, gen) {
  for (Tensor& p : parameters())
    if (p.rank() > 1) init::xavier_uniform(p, gen);
}

Tensor Transformer::forward(const Tensor& source, const Tensor& target, TranslateOptions how) {
  const Tensor memory = encoder.forward(source, {.mask = how.source_mask});
  const Mask& mask = how.source_mask;
  const bool is_padding = mask.defined() && mask.rank() >= 2 && mask.shape().back(2) == 1;
  if (!how.decode.memory_mask.defined() && is_padding) how.decode.memory_mask = how.source_mask;
  return decoder.forward(target, memory, how.decode);
}

}  // namespace heed::nn
