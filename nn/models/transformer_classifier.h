// transformer_classifier.h — lesson 07: from token ids to one label a text.
#pragma once

#include "nn/embedding.h"
#include "nn/positional_encoding.h"
#include "nn/transformer_encoder.h"

namespace heed::nn {

struct TransformerClassifierOptions {
  index_t vocab_size = 0;
  index_t d_model = 0;
  index_t nhead = 1;
  index_t num_layers = 1;
  index_t num_classes = 0;
  index_t dim_feedforward = 2048;
  double dropout = 0.1;
  index_t max_len = 5000;
  index_t padding_idx = -1;  // this id is not read, whatever stands there; -1: every id is text
  Activation activation = Activation::relu;
  bool norm_first = false;  // also ends the stack with a norm
};

// x (B, T, C), real (B, T) -> (B, C): the mean over the places that are real; zeros where none is.
Tensor masked_mean(const Tensor& x, const Mask& real);

// ids (B, T) -> logits (B, num_classes), not yet through a softmax: cross_entropy wants them so.
//   embedding · √d_model + positions -> encoder -> mean over the real tokens -> fc
// What a text gets does not depend on how far it is padded, nor on its neighbours in the batch. A text
// without tokens gets the bias of fc.
struct TransformerClassifier : ModuleOf<TransformerClassifier> {
  TransformerClassifierOptions options;
  Embedding embedding;
  PositionalEncoding pos_encoder;
  TransformerEncoder transformer;
  Linear fc;

  TransformerClassifier(TransformerClassifierOptions options, Generator& gen);
  Tensor forward(const IntTensor& ids);
  OutputWithAttention forward_with_attention(const IntTensor& ids);
  void visit(Visitor& v) override;
  std::string type() const override { return "TransformerClassifier"; }

 private:
  Tensor classify(const IntTensor& ids, AttentionMaps* maps);
};

}  // namespace heed::nn
