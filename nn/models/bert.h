// bert.h — lesson 10: an encoder that is trained by masked language modelling. Each token attends
// to all tokens, and the model predicts the masked ones.
//
//   BertForMaskedLM bert(bert_base_uncased(), gen);
//   Tensor logits = bert(ids);                             // (B, T, V): the token at each position
//   Tensor y = bert.bert.forward(ids, {.segments = s, .mask = padding(lengths, T)});   // (B, T, C)
//
// The block is that of lesson 05: post-LN, and the only mask is that of the padding. Differences:
// GELU, learned positions, a segment embedding for the first and the second sentence, a LayerNorm
// after the embeddings, and the training objective. Devlin et al., "BERT: pre-training of deep
// bidirectional transformers for language understanding", 2019.
#pragma once

#include <optional>

#include "nn/embedding.h"
#include "nn/transformer_encoder.h"

namespace heed::nn {

class Config;
struct PublishedNames;

struct BertOptions {
  index_t vocab_size = 0;       // V
  index_t max_positions = 512;  // the maximal number of tokens
  index_t segments = 2;         // number of segments: the first and the second sentence
  index_t d_model = 0;          // C
  index_t nhead = 1;
  index_t num_layers = 1;
  index_t dim_feedforward = 0;
  double dropout = 0.1;
  // Of the attention weights, and inside the feed-forward; empty: dropout. The published models use
  // none inside the feed-forward.
  std::optional<double> attention_dropout = {}, activation_dropout = {};
  double layer_norm_eps = 1e-12;
  bool pooler = true;
};
// 109,482,240 parameters.
inline BertOptions bert_base_uncased() {
  return {.vocab_size = 30522, .d_model = 768, .nhead = 12, .num_layers = 12, .dim_feedforward = 3072};
}

struct BertInput {
  IntTensor segments = {};  // (B, T), the segment of each token; empty: all tokens are in the first
  Mask mask = {};           // true = may attend: padding(lengths, T)
};

// ids (B, T) -> (B, T, C): token + position + segment embedding, normalised. Positions that no
// query may attend to are padding: their embeddings may contain any values, NaN included.
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

// ids (B, T) -> (B, T, C). Initialised as BERT: weights from N(0, 0.02²), biases 0.
struct Bert : ModuleOf<Bert> {
  BertOptions options;
  BertEmbeddings embeddings;
  TransformerEncoder encoder;
  std::optional<Linear> pooler;

  Bert(BertOptions options, Generator& gen);
  Tensor forward(const IntTensor& ids, const BertInput& input = {});
  // hidden (B, T, C) -> (B, C): tanh(W · hidden[0] + b), a representation of the sequence from its
  // first token, [CLS]. Throws if the model was built without a pooler.
  Tensor pooled(const Tensor& hidden) const;
  void visit(Visitor& v) override;
  std::string type() const override { return "Bert"; }
  std::string details() const override;
  // BERT as Hugging Face publishes it. Throws "[config.json] …" for a setting that the model does
  // not implement.
  static BertOptions from_config(const Config& config);
  static PublishedNames published_names();
};

// The head for masked language modelling: a linear layer, GELU, LayerNorm, then an output layer
// that is tied to the embedding and has a bias.
struct BertForMaskedLM : ModuleOf<BertForMaskedLM> {
  BertOptions options;
  Bert bert;  // without the pooler
  Linear transform;
  LayerNorm norm;
  Tensor bias;  // (V)

  BertForMaskedLM(BertOptions options, Generator& gen);
  Tensor forward(const IntTensor& ids, const BertInput& input = {}) { return head(bert.forward(ids, input)); }
  // hidden (..., C) -> logits (..., V). Applying it to the masked positions alone costs about an
  // eighth.
  Tensor head(const Tensor& hidden) const;
  void visit(Visitor& v) override;
  std::string type() const override { return "BertForMaskedLM"; }
  static BertOptions from_config(const Config& config);  // the output layer must be tied
  static PublishedNames published_names();
};

struct BertForClassificationOptions {
  BertOptions bert = {};
  index_t num_classes = 2;
  std::optional<double> dropout = {};  // of the pooled representation; empty: bert.dropout
};
// ids (B, T) -> logits (B, num_classes), from the pooled representation.
struct BertForClassification : ModuleOf<BertForClassification> {
  BertForClassificationOptions options;
  Bert bert;
  Dropout dropout;
  Linear classifier;

  BertForClassification(BertForClassificationOptions options, Generator& gen);
  Tensor forward(const IntTensor& ids, const BertInput& input = {});
  void visit(Visitor& v) override;
  std::string type() const override { return "BertForClassification"; }
  // As Bert::from_config, with one class per entry of id2label.
  static BertForClassificationOptions from_config(const Config& config);
  static PublishedNames published_names();
};

}  // namespace heed::nn
