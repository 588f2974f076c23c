// bert_names.cpp — the published settings and weight names of BERT.
#include "nn/models/bert.h"
#include "nn/models/pretrained.h"

namespace heed::nn {

// ---- config.json ------------------------------------------------------------------------------------------

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
      {"tie_word_embeddings", unused},  // masked language models have a separate row
      {"classifier_dropout", unused},   // classifiers have a separate row
      // Members of the first files. The pooler is one linear layer over the first token.
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

// Requires a validated configuration.
static BertOptions options_of(const Config& config) {
  config.must_divide("num_attention_heads", "hidden_size");
  return {.vocab_size = config.integer("vocab_size"),
          .max_positions = config.integer("max_position_embeddings"),
          .segments = config.integer("type_vocab_size"),
          .d_model = config.integer("hidden_size"),
          .nhead = config.integer("num_attention_heads"),
          .num_layers = config.integer("num_hidden_layers"),
          .dim_feedforward = config.integer("intermediate_size"),
          .dropout = config.number_or("hidden_dropout_prob", 0.1),
          .attention_dropout = config.number_or("attention_probs_dropout_prob", 0.1),
          .activation_dropout = 0,
          .layer_norm_eps = config.number_or("layer_norm_eps", 1e-12)};
}

BertOptions Bert::from_config(const Config& config) { return options_of(config.validated({bert_members()})); }

BertOptions BertForMaskedLM::from_config(const Config& config) {
  return options_of(config.validated({masked_lm_members(), bert_members()}));
}

BertForClassificationOptions BertForClassification::from_config(const Config& file) {
  const Config config = file.validated({classification_members(), bert_members()});
  BertForClassificationOptions o{.bert = options_of(config), .num_classes = config.classes(2)};
  if (config.has("classifier_dropout")) o.dropout = config.number("classifier_dropout");
  return o;
}

// ---- names of the weights ---------------------------------------------------------------------------------

PublishedNames Bert::published_names() {
  static constexpr NameMapping table[] = {
      {"embeddings.LayerNorm.weight", "embeddings.norm.weight"},
      {"embeddings.LayerNorm.bias", "embeddings.norm.bias"},
      {"encoder.layer.*.attention.self.query.weight", "encoder.layers.*.self_attn.in_proj_weight",
       Transform::query_rows},
      {"encoder.layer.*.attention.self.key.weight", "encoder.layers.*.self_attn.in_proj_weight",
       Transform::key_rows},
      {"encoder.layer.*.attention.self.value.weight", "encoder.layers.*.self_attn.in_proj_weight",
       Transform::value_rows},
      {"encoder.layer.*.attention.self.query.bias", "encoder.layers.*.self_attn.in_proj_bias",
       Transform::query_rows},
      {"encoder.layer.*.attention.self.key.bias", "encoder.layers.*.self_attn.in_proj_bias",
       Transform::key_rows},
      {"encoder.layer.*.attention.self.value.bias", "encoder.layers.*.self_attn.in_proj_bias",
       Transform::value_rows},
      {"encoder.layer.*.attention.output.dense.weight", "encoder.layers.*.self_attn.out_proj.weight"},
      {"encoder.layer.*.attention.output.dense.bias", "encoder.layers.*.self_attn.out_proj.bias"},
      {"encoder.layer.*.attention.output.LayerNorm.weight", "encoder.layers.*.norm1.weight"},
      {"encoder.layer.*.attention.output.LayerNorm.bias", "encoder.layers.*.norm1.bias"},
      {"encoder.layer.*.intermediate.dense.weight", "encoder.layers.*.linear1.weight"},
      {"encoder.layer.*.intermediate.dense.bias", "encoder.layers.*.linear1.bias"},
      {"encoder.layer.*.output.dense.weight", "encoder.layers.*.linear2.weight"},
      {"encoder.layer.*.output.dense.bias", "encoder.layers.*.linear2.bias"},
      {"encoder.layer.*.output.LayerNorm.weight", "encoder.layers.*.norm2.weight"},
      {"encoder.layer.*.output.LayerNorm.bias", "encoder.layers.*.norm2.bias"},
      {"pooler.dense.weight", "pooler.weight"},
      {"pooler.dense.bias", "pooler.bias"},
      {"cls.predictions.transform.dense.weight", "transform.weight"},
      {"cls.predictions.transform.dense.bias", "transform.bias"},
      {"cls.predictions.transform.LayerNorm.weight", "norm.weight"},
      {"cls.predictions.transform.LayerNorm.bias", "norm.bias"},
      {"cls.predictions.bias", "bias"},
  };
  static constexpr const char* prefixes[] = {"bert."};
  static constexpr std::pair<const char*, const char*> older[] = {{"LayerNorm.gamma", "LayerNorm.weight"},
                                                                  {"LayerNorm.beta", "LayerNorm.bias"}};
  // A file may contain the weights of several heads; those of other heads are ignored. The decoder
  // is tied to the embedding.
  static constexpr const char* ignored[] = {"embeddings.position_ids",
                                            "cls.seq_relationship.weight",
                                            "cls.seq_relationship.bias",
                                            "cls.predictions.decoder.weight",
                                            "cls.predictions.decoder.bias",
                                            "cls.predictions.bias",
                                            "cls.predictions.transform.dense.weight",
                                            "cls.predictions.transform.dense.bias",
                                            "cls.predictions.transform.LayerNorm.weight",
                                            "cls.predictions.transform.LayerNorm.bias",
                                            "pooler.dense.weight",
                                            "pooler.dense.bias",
                                            "qa_outputs.weight",
                                            "qa_outputs.bias",
                                            "classifier.weight",
                                            "classifier.bias"};
  return {.table = table, .prefixes = prefixes, .ignored = ignored, .endings = older};
}

PublishedNames BertForMaskedLM::published_names() { return Bert::published_names(); }
PublishedNames BertForClassification::published_names() { return Bert::published_names(); }

}  // namespace heed::nn
