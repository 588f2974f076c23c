// translation.h — lesson 01: generated Korean sentences with English translations, batches of them, and
// the quality of translations.
#pragma once

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "data/text/batches.h"
#include "data/text/vocabulary.h"
#include "lessons/support/toy_languages.h"
#include "nn/models/models.h"

namespace heed::lessons {

using toy::TranslationPair;

constexpr index_t shortest = 3, longest = 20;  // Korean words in a sentence

// Joins clauses with 그리고 and "and". The training set and the test set have no clauses in common.
inline TranslationPair join_clauses(const std::vector<const TranslationPair*>& clauses) {
  TranslationPair whole;
  for (const TranslationPair* clause : clauses) {
    if (!whole.korean.empty()) {
      whole.alignment.push_back(static_cast<index_t>(whole.korean.size()));
      whole.korean.emplace_back("그리고");
      whole.english.emplace_back("and");
    }
    const auto offset = static_cast<index_t>(whole.korean.size());
    whole.korean.insert(whole.korean.end(), clause->korean.begin(), clause->korean.end());
    whole.english.insert(whole.english.end(), clause->english.begin(), clause->english.end());
    for (const index_t position : clause->alignment) whole.alignment.push_back(offset + position);
  }
  return whole;
}

// Returns a random sentence of one to four clauses with `least` to `most` Korean words.
inline TranslationPair make_sentence(const std::vector<TranslationPair>& clauses, index_t least, index_t most,
                                     Generator& gen) {
  while (true) {
    std::vector<const TranslationPair*> chosen;
    const auto count = 1 + gen.below(4);
    for (std::uint64_t i = 0; i < count; ++i) chosen.push_back(&clauses[gen.below(clauses.size())]);
    TranslationPair whole = join_clauses(chosen);
    const auto words = static_cast<index_t>(whole.korean.size());
    if (words >= least && words <= most) return whole;
  }
}

inline std::vector<TranslationPair> make_sentences(std::size_t count,
                                                   const std::vector<TranslationPair>& clauses, index_t least,
                                                   index_t most, Generator& gen) {
  std::vector<TranslationPair> sentences(count);
  for (TranslationPair& sentence : sentences) sentence = make_sentence(clauses, least, most, gen);
  return sentences;
}

struct Corpus {
  toy::Sentences<TranslationPair> clauses;
  data::Vocabulary korean, english;
};
inline Corpus make_corpus(std::uint64_t seed) {
  Corpus m;
  m.clauses = toy::translation_pairs({.seed = seed, .train = 5000, .test = 500});
  std::vector<std::string> korean = {"그리고"}, english = {"and"};
  for (const TranslationPair& p : m.clauses.train) {
    korean.insert(korean.end(), p.korean.begin(), p.korean.end());
    english.insert(english.end(), p.english.begin(), p.english.end());
  }
  m.korean = data::Vocabulary::build(korean);
  m.english = data::Vocabulary::build(english);
  return m;
}

// The loss ignores this id, which pads the targets.
constexpr index_t ignored = -100;

struct Batch {
  IntTensor source;              // (B, S)
  std::vector<index_t> lengths;  // (B)
  IntTensor decoder_input;       // (B, T): [BOS], then the words
  IntTensor target;              // (B, T): the words, then [EOS]
};
inline Batch make_batch(const std::vector<TranslationPair>& sentences, const Corpus& m) {
  std::vector<std::vector<index_t>> source, decoder_input, target;
  for (const TranslationPair& p : sentences) {
    source.emplace_back();
    for (const std::string& word : p.korean) source.back().push_back(m.korean.id(word));
    decoder_input.push_back({data::bos_id});
    target.emplace_back();
    for (const std::string& word : p.english) {
      decoder_input.back().push_back(m.english.id(word));
      target.back().push_back(m.english.id(word));
    }
    target.back().push_back(data::eos_id);
  }
  const data::PaddedBatch padded = data::pad_batch(source);
  return {padded.ids, padded.lengths, data::pad_batch(decoder_input).ids,
          data::pad_batch(target, {.pad = ignored}).ids};
}

using Ids = std::vector<index_t>;

// The correct translation, without [BOS] and [EOS].
inline Ids reference(const TranslationPair& p, const Corpus& m) {
  Ids ids;
  for (const std::string& word : p.english) ids.push_back(m.english.id(word));
  return ids;
}

// Greedy decoding.
inline std::vector<Ids> translate(nn::Seq2Seq& model, const std::vector<TranslationPair>& sentences,
                                  const Corpus& m) {
  const Batch batch = make_batch(sentences, m);
  std::vector<Ids> translations;
  for (auto& best : model.beam(batch.source, batch.lengths,
                               {.bos = data::bos_id, .eos = data::eos_id, .width = 1, .max_length = 40}))
    translations.push_back(best[0].ids);
  return translations;
}

// The least number of words to insert, delete or replace to turn a into b.
inline index_t edit_distance(const Ids& a, const Ids& b) {
  std::vector<index_t> row(b.size() + 1);
  // row[j] is the distance between the first i words of a and the first j words of b.
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    index_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const index_t replaced = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

struct Quality {
  double accuracy = 0;  // fraction of the words that are generated at the correct position
  double errors = 0;    // word error rate: edit distances divided by the words of the references
  double words = 0;     // generated words divided by the words of the references
};
inline Quality quality(const std::vector<Ids>& translations, const std::vector<Ids>& references) {
  double correct = 0, edits = 0, words = 0, total = 0;
  for (std::size_t i = 0; i < references.size(); ++i) {
    const Ids &translation = translations[i], &target = references[i];
    for (std::size_t t = 0; t < std::min(translation.size(), target.size()); ++t)
      correct += translation[t] == target[t];
    edits += static_cast<double>(edit_distance(translation, target));
    words += static_cast<double>(translation.size());
    total += static_cast<double>(target.size());
  }
  return {correct / total, edits / total, words / total};
}

}  // namespace heed::lessons
