// model.h — the model of the lesson, and its attention weights for --look.
#pragma once

#include <algorithm>

#include "lessons/10_bert/masking.h"
#include "lessons/10_bert/published_weights.h"
#include "lessons/support/attention_maps.h"
#include "nn/models/bert.h"

namespace heed::lessons {

inline nn::BertOptions small(index_t vocabulary) {
  return {.vocab_size = vocabulary,
          .max_positions = 32,
          .d_model = 64,
          .nhead = 4,
          .num_layers = 2,
          .dim_feedforward = 128,
          .dropout = 0.1};
}

inline Tensor encode(nn::Bert& bert, const BertBatch& batch) {
  return bert.forward(batch.ids, {.segments = batch.segments, .mask = padding(batch.lengths, batch.time())});
}

// Two sentences are separated by the word "=": "나는 [MASK] 그렸다 = I drew a cat".
inline BertInput parsed(const Words& words, const data::Vocabulary& vocabulary) {
  const auto equals = std::ranges::find(words, "=");
  BertInput input{.first = {words.begin(), equals}, .second = {}};
  if (equals != words.end()) input.second = {equals + 1, words.end()};
  check(!input.first.empty() && (equals == words.end() || !input.second.empty()), "look",
        "expected a sentence, or two that are separated by =");
  for (const Words* sentence : {&input.first, &input.second}) ids_of(*sentence, vocabulary);
  return input;
}

// For --look: the attention weights of one sentence or two, and the most probable word for each
// [MASK].
inline SentenceAttention attend(const SavedModel& saved, const toy::Words& words) {
  Generator gen(0);
  const data::Vocabulary vocabulary(saved.words);
  nn::BertForMaskedLM model(small(vocabulary.size()), gen);
  restore(model, saved);
  const BertBatch batch = make_batch(vocabulary, {parsed(words, vocabulary)});
  const Tensor embedded = model.bert.embeddings.forward(batch.ids, batch.segments);
  const nn::OutputWithAttention encoded = model.bert.encoder.forward_with_attention(embedded);
  SentenceAttention result;
  for (const Tensor& weights : encoded.weights) result.weights.push_back(weights[0]);
  for (index_t i = 0; i < batch.time(); ++i) {
    result.tokens.push_back(vocabulary.word(batch.ids[i]));
    if (batch.ids[i] != mask_id) continue;
    const auto best = topk(softmax(model.head(rows_at(encoded.output, {i})), -1), 1);
    result.result +=
        concat(result.result.empty() ? "" : "; ", "[MASK] is \"", vocabulary.word(best.indices[0]),
               "\", with probability ", fixed(best.values.at({0, 0}), 2));
  }
  return result;
}

}  // namespace heed::lessons
