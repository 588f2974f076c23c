// transformer_encoder.cpp — the two formulas of the block, and the loop over blocks.
#include "nn/transformer_encoder.h"

namespace heed::nn {

TransformerEncoderLayer::TransformerEncoderLayer(TransformerEncoderLayerOptions o, Generator& gen)
    : options(o),
      self_attn({.d_model = o.d_model, .nhead = o.nhead, .dropout = o.dropout, .batch_first = o.batch_first},
                gen),
      linear1({.in = o.d_model, .out = o.dim_feedforward}, gen),
      linear2({.in = o.dim_feedforward, .out = o.d_model}, gen),
      norm1({.size = o.d_model, .eps = o.layer_norm_eps}),
      norm2({.size = o.d_model, .eps = o.layer_norm_eps}),
      dropout({.p = o.dropout}, gen),
      dropout1({.p = o.dropout}, gen),
      dropout2({.p = o.dropout}, gen) {}

Tensor TransformerEncoderLayer::forward(const Tensor& x, const EncodeOptions& how) {
  const char* op = "TransformerEncoderLayer";
  check_sequence(op, "x", x, options.d_model, options.batch_first);
  check_mask(op, "mask", how.mask, attention_sizes(op, x, x, options.nhead, options.batch_first));
  const Tensor in = clear_unattended(x, how.mask, how.causal, options.batch_first);
  if (options.norm_first) {
    const Tensor h = in + attend(norm1(in), how);
    return h + feed_forward(norm2(h));
  }
  const Tensor h = norm1(in + attend(in, how));
  return norm2(h + feed_forward(h));
}

Tensor TransformerEncoderLayer::attend(const Tensor& x, const EncodeOptions& how) {
  const AttentionResult attended = self_attn.forward(
      x, x, x,
      {.mask = how.mask, .causal = how.causal, .weights = how.maps ? Weights::per_head : Weights::none});
  if (how.maps) how.maps->push_back(attended.weights.detach());
  return dropout1(attended.output);
}

// The same two layers at every place: C -> dim_feedforward -> C.
Tensor TransformerEncoderLayer::feed_forward(const Tensor& x) {
  return dropout2(linear2(dropout(activate(options.activation, linear1, x))));
}

void TransformerEncoderLayer::visit(Visitor& v) {
  v.child("self_attn", self_attn);
  v.child("linear1", linear1);
  v.child("dropout", dropout);
  v.child("linear2", linear2);
  v.child("norm1", norm1);
  v.child("norm2", norm2);
  v.child("dropout1", dropout1);
  v.child("dropout2", dropout2);
}

std::string TransformerEncoderLayer::details() const {
  return concat("activation=", name(options.activation), options.norm_first ? ", norm_first=true" : "",
                options.batch_first ? ", batch_first=true" : "");
}

static index_t checked_count(index_t num_layers) {
  check(num_layers >= 0, "TransformerEncoder", "num_layers must not be negative, got ", num_layers);
  return num_layers;
}

TransformerEncoder::TransformerEncoder(TransformerEncoderOptions o, Generator& gen) : options(o) {
  for (index_t i = 0; i < checked_count(o.num_layers); ++i) layers.emplace_back(o.layer, gen);
  add_norm();
}

TransformerEncoder::TransformerEncoder(const TransformerEncoderLayer& layer, TransformerEncoderOptions o,
                                       Generator& gen)
    : options(o) {
  options.layer = layer.options;
  for (index_t i = 0; i < checked_count(o.num_layers); ++i) {
    layers.push_back(layer.clone());
    for (auto& [name, generator] : layers.back().named_generators()) *generator = gen.fork();
  }
  add_norm();
}

void TransformerEncoder::add_norm() {
  if (options.norm) norm.emplace(LayerNormOptions{options.layer.d_model, options.layer.layer_norm_eps});
}

Tensor TransformerEncoder::forward(const Tensor& x, const EncodeOptions& how) {
  Tensor y = x;
  for (auto& layer : layers) y = layer(y, how);
  return norm ? (*norm)(y) : y;
}

OutputWithAttention TransformerEncoder::forward_with_attention(const Tensor& x, EncodeOptions how) {
  OutputWithAttention result;
  how.maps = &result.weights;
  result.output = forward(x, how);
  return result;
}

}  // namespace heed::nn
