#include "nn/transformer_encoder.h"

#include "nn/feed_forward.h"

namespace heed::nn {

EncoderSublayers::EncoderSublayers(const MultiheadAttentionOptions& attention,
                                   const TransformerEncoderLayerOptions& o, Generator& gen)
    : self_attn(attention, gen),
      linear1({.in = o.d_model, .out = o.dim_feedforward}, gen),
      linear2({.in = o.dim_feedforward, .out = o.d_model}, gen),
      norm1({.size = o.d_model, .eps = o.layer_norm_eps}),
      norm2({.size = o.d_model, .eps = o.layer_norm_eps}),
      dropout({.p = o.dropout}, gen),
      dropout1({.p = o.dropout}, gen),
      dropout2({.p = o.dropout}, gen) {}

Tensor EncoderSublayers::feed_forward(const Tensor& x, Activation activation) {
  return dropout2(nn::feed_forward(x, activation, linear1, dropout, linear2));
}

void EncoderSublayers::visit_sublayers(Visitor& v) {
  v.child("self_attn", self_attn);
  v.child("linear1", linear1);
  v.child("dropout", dropout);
  v.child("linear2", linear2);
  v.child("norm1", norm1);
  v.child("norm2", norm2);
  v.child("dropout1", dropout1);
  v.child("dropout2", dropout2);
}

TransformerEncoderLayer::TransformerEncoderLayer(TransformerEncoderLayerOptions o, Generator& gen)
    : EncoderSublayers(
          {.d_model = o.d_model, .nhead = o.nhead, .dropout = o.dropout, .batch_first = o.batch_first}, o,
          gen),
      options(o) {}

Tensor TransformerEncoderLayer::forward(const Tensor& x, const EncodeOptions& encode) {
  const char* op = "TransformerEncoderLayer";
  check_sequence(op, "x", x, options.d_model, options.batch_first);
  check_mask(op, "mask", encode.mask, attention_sizes(op, x, x, options.nhead, options.batch_first));
  const Tensor in = clear_unattended(x, encode.mask, encode.causal, options.batch_first);
  const Tensor h =
      residual(in, norm1, options.norm_first, [&](const Tensor& y) { return attend(y, encode); });
  return residual(h, norm2, options.norm_first,
                  [&](const Tensor& y) { return feed_forward(y, options.activation); });
}

Tensor TransformerEncoderLayer::attend(const Tensor& x, const EncodeOptions& encode) {
  const Weights weights = encode.maps ? Weights::per_head : Weights::none;
  const AttentionResult attended =
      self_attn.forward(x, x, x, {.mask = encode.mask, .causal = encode.causal, .weights = weights});
  if (encode.maps) encode.maps->push_back(attended.weights.detach());
  return dropout1(attended.output);
}

std::string TransformerEncoderLayer::details() const {
  return concat("activation=", name(options.activation), options.norm_first ? ", norm_first=true" : "",
                options.batch_first ? ", batch_first=true" : "");
}

static TransformerEncoderOptions validated(TransformerEncoderOptions o) {
  check(o.num_layers >= 0, "TransformerEncoder", "expected num_layers of at least 0, got ", o.num_layers);
  return o;
}

TransformerEncoder::TransformerEncoder(TransformerEncoderOptions o, Generator& gen) : options(validated(o)) {
  for (index_t i = 0; i < o.num_layers; ++i) layers.emplace_back(o.layer, gen);
  add_norm();
}

TransformerEncoder::TransformerEncoder(const TransformerEncoderLayer& layer, TransformerEncoderOptions o,
                                       Generator& gen)
    : options(validated(o)) {
  options.layer = layer.options;
  for (index_t i = 0; i < o.num_layers; ++i) {
    layers.push_back(layer.clone());
    for (auto& [name, generator] : layers.back().named_generators()) *generator = gen.fork();
  }
  add_norm();
}

void TransformerEncoder::add_norm() {
  if (options.norm) norm.emplace(LayerNormOptions{options.layer.d_model, options.layer.layer_norm_eps});
}

Tensor TransformerEncoder::forward(const Tensor& x, const EncodeOptions& encode) {
  Tensor y = x;
  for (auto& layer : layers) y = layer(y, encode);
  return norm ? (*norm)(y) : y;
}

OutputWithAttention TransformerEncoder::forward_with_attention(const Tensor& x, EncodeOptions encode) {
  OutputWithAttention result;
  encode.maps = &result.weights;
  result.output = forward(x, encode);
  return result;
}

void TransformerEncoder::visit(Visitor& v) {
  v.child("layers", layers);
  v.child("norm", norm);
}

}  // namespace heed::nn
