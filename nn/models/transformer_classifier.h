// transformer_classifier.h — lesson 07: classifies a sequence of token ids.
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
  index_t padding_idx = -1;  // positions with this id are masked; -1: none
  Activation activation = Activation::relu;
  bool norm_first = false;  // pre-LN; also ends the stack with a LayerNorm
};

// x (B, T, C), real (B, T) -> (B, C): the mean over the real positions, or zeros if a sample has
// none.
Tensor masked_mean(const Tensor& x, const Mask& real);

// ids (B, T) -> logits (B, num_classes), without a softmax, as cross_entropy expects them.
//   embedding · √d_model + positions -> encoder -> mean over the real tokens -> fc
// The logits of a sequence depend neither on the amount of padding nor on the other sequences in
// the batch. An empty sequence gets the bias of fc.
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
