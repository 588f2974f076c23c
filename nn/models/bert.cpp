// bert.cpp — the embeddings, and the heads.
#include "nn/models/bert.h"

#include "nn/init.h"

namespace heed::nn {

// ---- published settings -----------------------------------------------------------------------------------

static std::span<const ConfigMember> bert_members() {
  using enum MemberKind;
  static constexpr ConfigMember table[] = {
      {"model_type", fixed, "'bert'"},
      {"architectures", fixed,
       "'BertModel' | 'BertForMaskedLM' | 'BertForPreTraining' | 'BertForSequenceClassification' | "
       "'BertForNextSentencePrediction' | 'BertForTokenClassification' | 'BertForMultipleChoice' | "
       "'BertForQuestionAnswering' | null"},
      {"vocab_size", size},
      {"max_position_embeddings", size},
      {"type_vocab_size", size},
      {"hidden_size", size},
      {"num_attention_heads", size},
      {"num_hidden_layers", count},
      {"intermediate_size", size},
      {"hidden_dropout_prob", rate},
      {"attention_probs_dropout_prob", rate},
      {"layer_norm_eps", epsilon},
      {"hidden_act", fixed, "'gelu' | 'gelu_python'"},
      {"position_embedding_type", fixed, "'absolute'"},
      {"tie_word_embeddings", unused},  // of a masked language model, which has a row of its own
      {"classifier_dropout", unused},   // of a classifier, too
      // Of the first files. The pooler is the first token's, through one layer as wide as the
      // hidden states.
      {"directionality", fixed, "'bidi'"},
      {"pooler_type", fixed, "'first_token_transform'"},
      {"pooler_fc_size", unused},
      {"pooler_num_attention_heads", unused},
      {"pooler_num_fc_layers", unused},
      {"pooler_size_per_head", unused},
  };
  return table;
}

static std::span<const ConfigMember> masked_lm_members() {
  static constexpr ConfigMember table[] = {{"tie_word_embeddings", MemberKind::fixed, "true"}};
  return table;
}

static std::span<const ConfigMember> classification_members() {
  static constexpr ConfigMember table[] = {{"id2label", MemberKind::labels, "null"},
                                           {"num_labels", MemberKind::size, "null"},
                                           {"classifier_dropout", MemberKind::rate, "null"}};
  return table;
}

// Of a checked configuration.
static BertOptions options_of(const Config& config) {
  config.must_divide("num_attention_heads", "hidden_size");
  return {.vocab_size = config.whole("vocab_size"),
          .max_positions = config.whole("max_position_embeddings"),
          .segments = config.whole("type_vocab_size"),
          .d_model = config.whole("hidden_size"),
          .nhead = config.whole("num_attention_heads"),
          .num_layers = config.whole("num_hidden_layers"),
          .dim_feedforward = config.whole("intermediate_size"),
          .dropout = config.number_or("hidden_dropout_prob", 0.1),
          .attention_dropout = config.number_or("attention_probs_dropout_prob", 0.1),
          .activation_dropout = 0,
          .layer_norm_eps = config.number_or("layer_norm_eps", 1e-12)};
}

BertOptions Bert::from_config(const Config& config) { return options_of(config.checked({bert_members()})); }

BertOptions BertForMaskedLM::from_config(const Config& config) {
  return options_of(config.checked({masked_lm_members(), bert_members()}));
}

BertForClassificationOptions BertForClassification::from_config(const Config& file) {
  const Config config = file.checked({classification_members(), bert_members()});
  BertForClassificationOptions o{.bert = options_of(config), .num_classes = config.classes(2)};
  if (config.has("classifier_dropout")) o.dropout = config.number("classifier_dropout");
  return o;
}

// ---- the start --------------------------------------------------------------------------------------------

static BertOptions checked(const BertOptions& o) {
  check(o.vocab_size >= 1 && o.max_positions >= 1 && o.segments >= 1 && o.num_layers >= 0, "Bert",
        "vocab_size, max_positions and segments must be at least 1 and num_layers not negative, got ",
        o.vocab_size, ", ", o.max_positions, ", ", o.segments, " and ", o.num_layers);
  check(o.d_model >= 1 && o.nhead >= 1, "Bert", "d_model and nhead must be at least 1, got ", o.d_model,
        " and ", o.nhead);
  check(o.d_model % o.nhead == 0, "Bert", "nhead = ", o.nhead, " must divide d_model = ", o.d_model);
  check(o.dim_feedforward >= 1, "Bert", "dim_feedforward must be at least 1, got ", o.dim_feedforward);
  return o;
}

static void start(Linear& layer, Generator& gen) {
  init::normal(layer.weight, gen, 0, 0.02);
  init::zeros(layer.bias);
}

// ---- embeddings and encoder -------------------------------------------------------------------------------

BertEmbeddings::BertEmbeddings(BertOptions o, Generator& gen)
    : options(checked(o)),
      word_embeddings({.num_embeddings = o.vocab_size, .embedding_dim = o.d_model}, gen),
      position_embeddings({.num_embeddings = o.max_positions, .embedding_dim = o.d_model}, gen),
      token_type_embeddings({.num_embeddings = o.segments, .embedding_dim = o.d_model}, gen),
      norm({.size = o.d_model, .eps = o.layer_norm_eps}),
      dropout({.p = o.dropout}, gen) {
  for (Embedding* e : {&word_embeddings, &position_embeddings, &token_type_embeddings})
    init::normal(e->weight, gen, 0, 0.02);
}

Tensor BertEmbeddings::forward(const IntTensor& ids, const IntTensor& segments, const Mask& mask) {
  check(ids.rank() == 2 && ids.size(1) >= 1, "Bert", "ids must be (B, T) with at least one token, got ",
        ids.shape());
  check(ids.size(1) <= options.max_positions, "Bert", ids.size(1), " tokens do not fit into the ",
        options.max_positions, " positions");
  const bool given = segments.numel() > 0;
  check(!given || segments.shape() == ids.shape(), "Bert", "segments ", segments.shape(),
        " must have the shape of ids, ", ids.shape());
  const Tensor words = word_embeddings(ids);                                     // (B, T, C)
  const Tensor places = position_embeddings(IntTensor::arange(0, ids.size(1)));  // (T, C)
  const Tensor kinds =
      token_type_embeddings(given ? segments : IntTensor::zeros({1}));  // (B, T, C) or (1, C)
  check_mask("Bert", "mask", mask, {true, ids.size(0), options.nhead, ids.size(1), ids.size(1)});
  const Tensor sums = clear_unattended(words + places + kinds, mask, false, true);
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
    : options(checked(o)), embeddings(o, gen), encoder(encoder_options(o), gen) {
  for (auto& layer : encoder.layers) {
    init::normal(layer.self_attn.in_proj_weight, gen, 0, 0.02);
    for (Linear* part : {&layer.self_attn.out_proj, &layer.linear1, &layer.linear2}) start(*part, gen);
    layer.self_attn.options.dropout = o.attention_dropout.value_or(o.dropout);
    layer.dropout.options.p = o.activation_dropout.value_or(o.dropout);
  }
  if (o.pooler) start(pooler.emplace(LinearOptions{.in = o.d_model, .out = o.d_model}, gen), gen);
}

Tensor Bert::forward(const IntTensor& ids, const BertInput& how) {
  return encoder.forward(embeddings.forward(ids, how.segments, how.mask), {.mask = how.mask});
}

Tensor Bert::pooled(const Tensor& hidden) const {
  check(pooler.has_value(), "Bert", "this model was built with pooler = false");
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
  start(transform, gen);
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

static BertForClassificationOptions checked(BertForClassificationOptions o) {
  check(o.num_classes >= 1, "BertForClassification", "num_classes must be at least 1, got ", o.num_classes);
  o.bert.pooler = true;
  return o;
}

BertForClassification::BertForClassification(BertForClassificationOptions o, Generator& gen)
    : options(checked(o)),
      bert(options.bert, gen),
      dropout({.p = o.dropout.value_or(o.bert.dropout)}, gen),
      classifier({.in = o.bert.d_model, .out = o.num_classes}, gen) {
  start(classifier, gen);
}

Tensor BertForClassification::forward(const IntTensor& ids, const BertInput& how) {
  return classifier(dropout(bert.pooled(bert.forward(ids, how))));
}

void BertForClassification::visit(Visitor& v) {
  v.child("bert", bert);
  v.child("dropout", dropout);
  v.child("classifier", classifier);
}

}  // namespace heed::nn
