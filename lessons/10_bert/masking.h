// masking.h — sentences as token ids, and the masking of masked language modelling.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "autograd/autograd.h"
#include "data/text/vocabulary.h"
#include "lessons/support/toy_languages.h"

namespace heed::lessons {

using toy::Words;
constexpr index_t pad = 0, cls = 1, sep = 2, mask_id = 3, first_word = 4;

inline data::Vocabulary vocabulary_of(const std::vector<Words>& sentences) {
  std::set<std::string> different;
  for (const Words& sentence : sentences) different.insert(sentence.begin(), sentence.end());
  std::vector<std::string> words = {"[PAD]", "[CLS]", "[SEP]", "[MASK]"};
  words.insert(words.end(), different.begin(), different.end());
  return data::Vocabulary(words);
}

// A padded batch; each row is [CLS] first [SEP] second [SEP] [PAD] … or [CLS] first [SEP] [PAD] …
struct BertBatch {
  IntTensor ids, segments;       // (B, T)
  std::vector<index_t> lengths;  // (B)
  index_t time() const { return ids.size(1); }
};

// One sentence, or two. `second` is empty if there is only one.
struct BertInput {
  Words first, second = {};
};

inline BertBatch make_batch(const data::Vocabulary& vocabulary, const std::vector<BertInput>& inputs) {
  std::vector<std::vector<index_t>> ids, segments;
  std::size_t longest = 0;
  for (const BertInput& input : inputs) {
    std::vector<index_t> row = {cls};
    for (const std::string& word : input.first) row.push_back(vocabulary.id(word));
    row.push_back(sep);
    std::vector<index_t> segment(row.size(), 0);
    for (const std::string& word : input.second) row.push_back(vocabulary.id(word));
    if (!input.second.empty()) row.push_back(sep);
    segment.resize(row.size(), 1);
    longest = std::max(longest, row.size());
    ids.push_back(row);
    segments.push_back(segment);
  }
  BertBatch batch;
  std::vector<index_t> all_ids, all_segments;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    batch.lengths.push_back(static_cast<index_t>(ids[i].size()));
    ids[i].resize(longest, pad);
    segments[i].resize(longest, 0);
    all_ids.insert(all_ids.end(), ids[i].begin(), ids[i].end());
    all_segments.insert(all_segments.end(), segments[i].begin(), segments[i].end());
  }
  const Shape shape{static_cast<index_t>(ids.size()), static_cast<index_t>(longest)};
  batch.ids = {std::move(all_ids), shape};
  batch.segments = {std::move(all_segments), shape};
  return batch;
}

// Sentence pairs, and a vocabulary of their words.
struct Corpus {
  std::vector<toy::TranslationPair> train, test;
  data::Vocabulary vocabulary;
};

inline Corpus make_corpus(std::uint64_t seed) {
  const auto pairs = toy::translation_pairs({.seed = seed, .train = 3000, .test = 600});
  std::vector<Words> all;
  for (const auto* part : {&pairs.train, &pairs.test})
    for (const auto& pair : *part) {
      all.push_back(pair.korean);
      all.push_back(pair.english);
    }
  return {pairs.train, pairs.test, vocabulary_of(all)};
}

// Draws a batch at random. The part `pairs` of the inputs is a sentence and its translation, the
// others are a single sentence.
inline BertBatch draw(const Corpus& corpus, const std::vector<toy::TranslationPair>& from, index_t size,
                      Generator& gen, double pairs = 0.5) {
  std::vector<BertInput> inputs;
  for (index_t i = 0; i < size; ++i) {
    const auto& pair = from[gen.below(from.size())];
    if (gen.uniform() < pairs)
      inputs.push_back({pair.korean, pair.english});
    else
      inputs.push_back({gen.uniform() < 0.5 ? pair.korean : pair.english});
  }
  return make_batch(corpus.vocabulary, inputs);
}

// The positions that the model must predict, as flat indices b · T + t, and the original token at
// each of them.
struct MaskedTokens {
  std::vector<index_t> positions, tokens;
};

// Selects 15 % of the words of each row (never [CLS], [SEP] or [PAD]), and at least one. Of these,
// 80 % become [MASK], 10 % become a random word and 10 % stay unchanged, because later inputs
// contain no [MASK].
inline MaskedTokens mask_tokens(BertBatch& batch, index_t vocabulary_size, Generator& gen) {
  MaskedTokens masked;
  for (index_t b = 0; b < batch.ids.size(0); ++b) {
    std::vector<index_t> positions;
    for (index_t t = 0; t < batch.time(); ++t)
      if (batch.ids[b * batch.time() + t] >= first_word) positions.push_back(b * batch.time() + t);
    gen.shuffle(positions);
    const auto count = static_cast<std::size_t>(0.15 * static_cast<double>(positions.size()) + gen.uniform());
    positions.resize(std::min(positions.size(), std::max<std::size_t>(count, 1)));
    for (const index_t position : positions) {
      index_t& id = batch.ids.values()[static_cast<std::size_t>(position)];
      masked.positions.push_back(position);
      masked.tokens.push_back(id);
      const double action = gen.uniform();
      if (action < 0.8)
        id = mask_id;
      else if (action < 0.9)
        id = first_word +
             static_cast<index_t>(gen.below(static_cast<std::uint64_t>(vocabulary_size - first_word)));
    }
  }
  return masked;
}

// ---- The classification task ------------------------------------------------------------------------------

// A sentence whose adverb of time is replaced by [MASK], and its tense: 0 past, 1 present, 2
// future. Only the verb still shows the tense.
struct TenseExample {
  Words words;
  index_t tense;
};

// Returns the English and the Korean sentences as examples. Sentences with "read" are skipped,
// because without the adverb their tense is ambiguous. A sentence without an adverb of time has
// [MASK] at the position of the adverb.
inline std::vector<TenseExample> tense_examples(const std::vector<toy::TranslationPair>& pairs) {
  const std::set<std::string> past = {"yesterday", "earlier", "어제", "아까"}, future = {"tomorrow", "내일"},
                              present = {"every", "day", "sometimes", "매일", "가끔"};
  std::vector<TenseExample> examples;
  for (const toy::TranslationPair& pair : pairs)
    for (const Words* sentence : {&pair.english, &pair.korean}) {
      TenseExample example{{}, 1};
      bool is_clear = true;
      for (const std::string& word : *sentence) {
        is_clear &= word != "read" && word != "reads";
        if (past.contains(word))
          example.tense = 0;
        else if (future.contains(word))
          example.tense = 2;
        else if (!present.contains(word))
          example.words.push_back(word);
      }
      if (!is_clear) continue;
      example.words.insert(sentence == &pair.english ? example.words.end() : example.words.begin() + 1,
                           "[MASK]");
      examples.push_back(std::move(example));
    }
  return examples;
}

}  // namespace heed::lessons
