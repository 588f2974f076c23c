// bert.h — lesson 10: the encoder alone. Each token attends to all, and guesses those of them that were hidden.
//
//   BertForMaskedLM bert(bert_base_uncased(), gen);
//   Tensor logits = bert(ids);                                          // (B, T, V): which token stands here?
//   Tensor y = bert.bert.forward(ids, {.segments = which, .mask = padding(lengths, T)});     // (B, T, C)
//
// Section 5's block as it is: post-LN, no mask but padding's. New are GELU, learned positions, a mark for each of two
// sentences, a norm after the embeddings, and what it is trained on. Devlin et al., "BERT: pre-training of deep
// bidirectional transformers for language understanding", 2019.
#pragma once

#include <optional>

#include "nn/embedding.h"
#include "nn/models/pretrained.h"
#include "nn/transformer_encoder.h"

namespace heed::nn {

struct BertOptions {
  index_t vocab_size = 0;       // V
  index_t max_positions = 512;  // the most tokens it has positions for
  index_t segments = 2;         // kinds of sentences: the first and the second
  index_t d_model = 0;          // C
  index_t nhead = 1;
  index_t num_layers = 1;
  index_t dim_feedforward = 0;
  double dropout = 0.1;
  // Of the attention weights, and inside the feed-forward; empty: dropout. The published models
  // have none inside.
  std::optional<double> attention_dropout = {}, activation_dropout = {};
  double layer_norm_eps = 1e-12;
  bool pooler = true;
};
// 109,482,240 parameters.
inline BertOptions bert_base_uncased() {
  return {.vocab_size = 30522, .d_model = 768, .nhead = 12, .num_layers = 12, .dim_feedforward = 3072};
}

struct BertInput {
  IntTensor segments = {};  // (B, T), which sentence a token belongs to; empty: all to the first
  Mask mask = {};           // true = may attend: padding(lengths, T)
};

// ids (B, T) -> (B, T, C): word + position + segment, normalised. Positions that the mask lets no
// query attend to are padding: the embeddings there may hold anything, NaN included.
struct BertEmbeddings : ModuleOf<BertEmbeddings> {
  BertOptions options;
  Embedding word_embeddings, position_embeddings, token_type_embeddings;
  LayerNorm norm;
  Dropout dropout;

  BertEmbeddings(BertOptions options, Generator& gen);
  Tensor forward(const IntTensor& ids, const IntTensor& segments = {}, const Mask& mask = {});
  void visit(Visitor& v) override;
  std::string type() const override { return "BertEmbeddings"; }
};

// ids (B, T) -> (B, T, C). Starts as BERT does: weights from N(0, 0.02), biases 0.
struct Bert : ModuleOf<Bert> {
  BertOptions options;
  BertEmbeddings embeddings;
  TransformerEncoder encoder;
  std::optional<Linear> pooler;

  Bert(BertOptions options, Generator& gen);
  Tensor forward(const IntTensor& ids, const BertInput& how = {});
  // hidden (B, T, C) -> (B, C): the sentence, read from its first token, [CLS]. tanh(W · hidden[0] + b)
  Tensor pooled(const Tensor& hidden) const;
  void visit(Visitor& v) override;
  std::string type() const override { return "Bert"; }
  std::string details() const override;
  // BERT as Hugging Face publishes it. Throws "[config.json] …" for a setting that this model does
  // not implement.
  static BertOptions from_config(const Config& config);
  static PublishedNames published_names();
};

// The head that BERT is trained with: a layer more, then the embedding once more, with a bias of its own.
struct BertForMaskedLM : ModuleOf<BertForMaskedLM> {
  BertOptions options;
  Bert bert;  // without the pooler
  Linear transform;
  LayerNorm norm;
  Tensor bias;  // (V)

  BertForMaskedLM(BertOptions options, Generator& gen);
  Tensor forward(const IntTensor& ids, const BertInput& how = {}) { return head(bert.forward(ids, how)); }
  // (..., C) -> logits (..., V). Of the hidden places alone: an eighth of the work of all.
  Tensor head(const Tensor& hidden) const;
  void visit(Visitor& v) override;
  std::string type() const override { return "BertForMaskedLM"; }
  static BertOptions from_config(const Config& config);  // the output layer must be tied
  static PublishedNames published_names() { return Bert::published_names(); }
};

struct BertForClassificationOptions {
  BertOptions bert = {};
  index_t num_classes = 2;
  std::optional<double> dropout = {};  // of the pooled sentence; empty: bert.dropout
};
// ids (B, T) -> logits (B, classes), from the pooled sentence.
struct BertForClassification : ModuleOf<BertForClassification> {
  BertForClassificationOptions options;
  Bert bert;
  Dropout dropout;
  Linear classifier;

  BertForClassification(BertForClassificationOptions options, Generator& gen);
  Tensor forward(const IntTensor& ids, const BertInput& how = {});
  void visit(Visitor& v) override;
  std::string type() const override { return "BertForClassification"; }
  static BertForClassificationOptions from_config(
      const Config& config);  // as Bert's; a class for each id2label
  static PublishedNames published_names() { return Bert::published_names(); }
};

// The names under which it is published, and ours.
inline PublishedNames Bert::published_names() {
  static constexpr Rename table[] = {
      {"embeddings.LayerNorm.weight", "embeddings.norm.weight"},
      {"embeddings.LayerNorm.bias", "embeddings.norm.bias"},
      {"encoder.layer.*.attention.self.query.weight", "encoder.layers.*.self_attn.in_proj_weight",
       How::row_third_0},
      {"encoder.layer.*.attention.self.key.weight", "encoder.layers.*.self_attn.in_proj_weight",
       How::row_third_1},
      {"encoder.layer.*.attention.self.value.weight", "encoder.layers.*.self_attn.in_proj_weight",
       How::row_third_2},
      {"encoder.layer.*.attention.self.query.bias", "encoder.layers.*.self_attn.in_proj_bias",
       How::row_third_0},
      {"encoder.layer.*.attention.self.key.bias", "encoder.layers.*.self_attn.in_proj_bias",
       How::row_third_1},
      {"encoder.layer.*.attention.self.value.bias", "encoder.layers.*.self_attn.in_proj_bias",
       How::row_third_2},
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
  // One file serves every head: what another head owns is passed over. The decoder is the embedding once more.
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

}  // namespace heed::nn
