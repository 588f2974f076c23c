// classifier.h — the classifier of lesson 07, with a choice of how a sequence becomes one vector.
#pragma once

#include <cmath>

#include "lessons/support/attention_maps.h"
#include "nn/models/transformer_classifier.h"

namespace heed::lessons {

// The token [CLS] is the one that Vocabulary::build provides for the beginning of a sequence.
constexpr index_t cls_id = data::bos_id;

// The library's classifier averages over the tokens. With `cls`, every sequence begins with cls_id,
// and the classifier uses the encoder's output at this first position only.
struct ReviewClassifier : nn::TransformerClassifier {
  bool cls = false;

  ReviewClassifier(nn::TransformerClassifierOptions options, bool uses_cls, Generator& gen)
      : nn::TransformerClassifier(options, gen), cls(uses_cls) {}

  Tensor forward(const IntTensor& ids) { return forward_with_attention(ids, nullptr); }

  // Appends the attention weights of each layer to `maps` unless it is null.
  Tensor forward_with_attention(const IntTensor& ids, nn::AttentionMaps* maps) {
    if (!cls) {
      if (!maps) return nn::TransformerClassifier::forward(ids);
      const nn::OutputWithAttention result = nn::TransformerClassifier::forward_with_attention(ids);
      *maps = result.weights;
      return result.output;
    }
    const Tensor x = pos_encoder(embedding(ids) * std::sqrt(static_cast<double>(options.d_model)));
    const Mask real = not_padding(ids, options.padding_idx);
    return fc(transformer.forward(x, {.mask = real, .maps = maps}).select(1, 0));
  }
};

inline nn::TransformerClassifierOptions small_classifier(index_t vocabulary, index_t layers,
                                                         index_t padding) {
  return {.vocab_size = vocabulary,
          .d_model = 64,
          .nhead = 4,
          .num_layers = layers,
          .num_classes = 2,
          .dim_feedforward = 128,
          .dropout = 0.2,
          .max_len = 512,
          .padding_idx = padding};
}

constexpr int most_layers = 12;

// For --look: the attention weights of a sentence, and the predicted sentiment.
inline SentenceAttention attend(const SavedModel& saved, const toy::Words& words) {
  Generator gen(0);
  const data::Vocabulary vocabulary(saved.words);
  const index_t layers = saved.integer("layers", most_layers);
  ReviewClassifier model(small_classifier(vocabulary.size(), layers, data::pad_id), saved.is("pool", "cls"),
                         gen);
  restore(model, saved);
  SentenceAttention result{words, {}};
  std::vector<index_t> ids = ids_of(words, vocabulary);
  if (model.cls) {
    ids.insert(ids.begin(), cls_id);
    result.tokens.insert(result.tokens.begin(), "[CLS]");
  }
  nn::AttentionMaps maps;
  const IntTensor batch(ids, {1, static_cast<index_t>(ids.size())});
  const double positive = softmax(model.forward_with_attention(batch, &maps), -1).at({0, 1});
  for (const Tensor& weights : maps) result.weights.push_back(weights[0]);
  result.result = concat(positive > 0.5 ? "positive" : "negative", ", with probability ",
                         fixed(std::max(positive, 1 - positive), 2));
  return result;
}

}  // namespace heed::lessons
