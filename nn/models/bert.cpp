#include "nn/models/bert.h"

#include "nn/init.h"

namespace heed::nn {

// ---- options and initialisation ---------------------------------------------------------------------------

static BertOptions validated(const BertOptions& o) {
  check(o.vocab_size >= 1 && o.max_positions >= 1 && o.segments >= 1 && o.num_layers >= 0, "Bert",
        "expected vocab_size, max_positions and segments of at least 1 and num_layers of at least 0, got ",
        o.vocab_size, ", ", o.max_positions, ", ", o.segments, " and ", o.num_layers);
  check(o.d_model >= 1 && o.nhead >= 1, "Bert", "expected d_model and nhead of at least 1, got ", o.d_model,
        " and ", o.nhead);
  check(o.d_model % o.nhead == 0, "Bert", "expected nhead to divide d_model, got nhead = ", o.nhead,
        " and d_model = ", o.d_model);
  check(o.dim_feedforward >= 1, "Bert", "expected dim_feedforward of at least 1, got ", o.dim_feedforward);
  return o;
}

static void initialise(Linear& layer, Generator& gen) {
  init::normal(layer.weight, gen, 0, 0.02);
  init::zeros(layer.bias);
}

// ---- embeddings and encoder -------------------------------------------------------------------------------

BertEmbeddings::BertEmbeddings(BertOptions o, Generator& gen)
    : options(validated(o)),
      word_embeddings({.num_embeddings = o.vocab_size, .embedding_dim = o.d_model}, gen),
      position_embeddings({.num_embeddings = o.max_positions, .embedding_dim = o.d_model}, gen),
      token_type_embeddings({.num_embeddings = o.segments, .embedding_dim = o.d_model}, gen),
      norm({.size = o.d_model, .eps = o.layer_norm_eps}),
      dropout({.p = o.dropout}, gen) {
  for (Embedding* e : {&word_embeddings, &position_embeddings, &token_type_embeddings})
    init::normal(e->weight, gen, 0, 0.02);
}

Tensor BertEmbeddings::forward(const IntTensor& ids, const IntTensor& segments, const Mask& mask) {
  check(ids.rank() == 2 && ids.size(1) >= 1, "Bert", "expected ids (B, T) with at least one token, got ",
        ids);
  check(ids.size(1) <= options.max_positions, "Bert", "expected at most ", options.max_positions,
        " tokens, the number of positions, got ", ids.size(1));
  const bool has_segments = segments.numel() > 0;
  check(!has_segments || segments.shape() == ids.shape(), "Bert", "expected segments of the shape of ids, ",
        ids, ", got ", segments);
  const Tensor tokens = word_embeddings(ids);                                       // (B, T, C)
  const Tensor positions = position_embeddings(IntTensor::arange(0, ids.size(1)));  // (T, C)
  const Tensor sentences =
      token_type_embeddings(has_segments ? segments : IntTensor::zeros({1}));  // (B, T, C) or (1, C)
  check_mask("Bert", "mask", mask, {true, ids.size(0), options.nhead, ids.size(1), ids.size(1)});
  const Tensor sums = clear_unattended(tokens + positions + sentences, mask, false, true);
  return dropout(norm(sums));
}

void BertEmbeddings::visit(Visitor& v) {
  v.child("word_embeddings", word_embeddings);
  v.child("position_embeddings", position_embeddings);
  v.child("token_type_embeddings", token_type_embeddings);
  v.child("norm", norm);
  v.child("dropout", dropout);
}

static TransformerEncoderOptions encoder_options(const BertOptions& o) {
  return {.layer = {.d_model = o.d_model,
                    .nhead = o.nhead,
                    .dim_feedforward = o.dim_feedforward,
                    .dropout = o.dropout,
                    .activation = Activation::gelu,
                    .layer_norm_eps = o.layer_norm_eps,
                    .batch_first = true},
          .num_layers = o.num_layers};
}

Bert::Bert(BertOptions o, Generator& gen)
    : options(validated(o)), embeddings(o, gen), encoder(encoder_options(o), gen) {
  for (auto& layer : encoder.layers) {
    init::normal(layer.self_attn.in_proj_weight, gen, 0, 0.02);
    for (Linear* part : {&layer.self_attn.out_proj, &layer.linear1, &layer.linear2}) initialise(*part, gen);
    layer.self_attn.options.dropout = o.attention_dropout.value_or(o.dropout);
    layer.dropout.options.p = o.activation_dropout.value_or(o.dropout);
  }
  if (o.pooler) initialise(pooler.emplace(LinearOptions{.in = o.d_model, .out = o.d_model}, gen), gen);
}

Tensor Bert::forward(const IntTensor& ids, const BertInput& input) {
  return encoder.forward(embeddings.forward(ids, input.segments, input.mask), {.mask = input.mask});
}

Tensor Bert::pooled(const Tensor& hidden) const {
  check(pooler.has_value(), "Bert", "expected a model with a pooler, got one built with pooler = false");
  return tanh((*pooler)(hidden.select(1, 0)));
}

void Bert::visit(Visitor& v) {
  v.child("embeddings", embeddings);
  v.child("encoder", encoder);
  v.child("pooler", pooler);
}

std::string Bert::details() const {
  return concat("vocab_size=", options.vocab_size, ", max_positions=", options.max_positions);
}

// ---- heads ------------------------------------------------------------------------------------------------

static BertOptions without_pooler(BertOptions o) {
  o.pooler = false;
  return o;
}

BertForMaskedLM::BertForMaskedLM(BertOptions o, Generator& gen)
    : options(without_pooler(o)),
      bert(options, gen),
      transform({.in = o.d_model, .out = o.d_model}, gen),
      norm({.size = o.d_model, .eps = o.layer_norm_eps}),
      bias(parameter({o.vocab_size})) {
  initialise(transform, gen);
}

Tensor BertForMaskedLM::head(const Tensor& hidden) const {
  return linear(norm(gelu(transform(hidden))), bert.embeddings.word_embeddings.weight, bias);
}

void BertForMaskedLM::visit(Visitor& v) {
  v.parameter("bias", bias);
  v.child("bert", bert);
  v.child("transform", transform);
  v.child("norm", norm);
}

static BertForClassificationOptions validated(BertForClassificationOptions o) {
  check(o.num_classes >= 1, "BertForClassification", "expected num_classes of at least 1, got ",
        o.num_classes);
  o.bert.pooler = true;
  return o;
}

BertForClassification::BertForClassification(BertForClassificationOptions o, Generator& gen)
    : options(validated(o)),
      bert(options.bert, gen),
      dropout({.p = o.dropout.value_or(o.bert.dropout)}, gen),
      classifier({.in = o.bert.d_model, .out = o.num_classes}, gen) {
  initialise(classifier, gen);
}

Tensor BertForClassification::forward(const IntTensor& ids, const BertInput& input) {
  return classifier(dropout(bert.pooled(bert.forward(ids, input))));
}

void BertForClassification::visit(Visitor& v) {
  v.child("bert", bert);
  v.child("dropout", dropout);
  v.child("classifier", classifier);
}

}  // namespace heed::nn
