// masking.h — sentences as ids, and the question that BERT learns from: which words were hidden?
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "autograd/autograd.h"
#include "data/text/sentences.h"
#include "data/text/vocabulary.h"

namespace heed::lessons {

using data::Words;
constexpr index_t pad = 0, cls = 1, sep = 2, mask_id = 3, first_word = 4;

inline data::Vocabulary vocabulary_of(const std::vector<Words>& sentences) {
  std::set<std::string> different;
  for (const Words& sentence : sentences) different.insert(sentence.begin(), sentence.end());
  std::vector<std::string> words = {"[PAD]", "[CLS]", "[SEP]", "[MASK]"};
  words.insert(words.end(), different.begin(), different.end());
  return data::Vocabulary(words);
}

// One or two sentences, padded: [CLS] first [SEP] second [SEP] [PAD] …
struct BertBatch {
  IntTensor ids, segments;       // (B, T)
  std::vector<index_t> lengths;  // (B)
  index_t time() const { return ids.size(1); }
};

struct OneOrTwo {
  Words first, second = {};
};

inline BertBatch make_batch(const data::Vocabulary& vocabulary, const std::vector<OneOrTwo>& texts) {
  std::vector<std::vector<index_t>> ids, segments;
  std::size_t longest = 0;
  for (const OneOrTwo& text : texts) {
    std::vector<index_t> row = {cls};
    for (const std::string& word : text.first) row.push_back(vocabulary.id(word));
    row.push_back(sep);
    std::vector<index_t> kinds(row.size(), 0);
    for (const std::string& word : text.second) row.push_back(vocabulary.id(word));
    if (!text.second.empty()) row.push_back(sep);
    kinds.resize(row.size(), 1);
    longest = std::max(longest, row.size());
    ids.push_back(row), segments.push_back(kinds);
  }
  BertBatch batch;
  std::vector<index_t> all_ids, all_segments;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    batch.lengths.push_back(static_cast<index_t>(ids[i].size()));
    ids[i].resize(longest, pad), segments[i].resize(longest, 0);
    all_ids.insert(all_ids.end(), ids[i].begin(), ids[i].end());
    all_segments.insert(all_segments.end(), segments[i].begin(), segments[i].end());
  }
  const Shape shape{static_cast<index_t>(ids.size()), static_cast<index_t>(longest)};
  batch.ids = {std::move(all_ids), shape}, batch.segments = {std::move(all_segments), shape};
  return batch;
}

// What was hidden: places in the batch, row by row (b · T + t), and the words that stood there.
struct Hidden {
  std::vector<index_t> places, words;
};

// Of the words (never [CLS], [SEP], [PAD]) 15 % are asked for, at least one a text. Of these 80 % become [MASK], 10 %
// another word, 10 % stay: text without [MASK] must be read as well.
inline Hidden hide(BertBatch& batch, index_t vocabulary_size, Generator& gen) {
  Hidden hidden;
  for (index_t b = 0; b < batch.ids.size(0); ++b) {
    std::vector<index_t> places;
    for (index_t t = 0; t < batch.time(); ++t)
      if (batch.ids[b * batch.time() + t] >= first_word) places.push_back(b * batch.time() + t);
    gen.shuffle(places);
    const auto chosen = static_cast<std::size_t>(0.15 * static_cast<double>(places.size()) + gen.uniform());
    places.resize(std::min(places.size(), std::max<std::size_t>(chosen, 1)));
    for (const index_t place : places) {
      index_t& id = batch.ids.values()[static_cast<std::size_t>(place)];
      hidden.places.push_back(place), hidden.words.push_back(id);
      const double chance = gen.uniform();
      if (chance < 0.8)
        id = mask_id;
      else if (chance < 0.9)
        id = first_word +
             static_cast<index_t>(gen.below(static_cast<std::uint64_t>(vocabulary_size - first_word)));
    }
  }
  return hidden;
}

// ---- what the sentences are then sorted by ----------------------------------------------------------------

// A sentence whose word for the time is hidden, and what the time is: 0 past, 1 present, 2 future. Only the verb tells.
struct Timed {
  Words words;
  index_t when;
};

// In English and in Korean. "read" is left out: without its time it may be today or yesterday. Where no word says the
// time, [MASK] stands where it would stand.
inline std::vector<Timed> timed_sentences(const std::vector<data::TranslationPair>& pairs) {
  const std::set<std::string> past = {"yesterday", "earlier", "어제", "아까"}, future = {"tomorrow", "내일"},
                              present = {"every", "day", "sometimes", "매일", "가끔"};
  std::vector<Timed> timed;
  for (const data::TranslationPair& pair : pairs)
    for (const Words* sentence : {&pair.english, &pair.korean}) {
      Timed one{{}, 1};
      bool is_clear = true;
      for (const std::string& word : *sentence) {
        is_clear &= word != "read" && word != "reads";
        if (past.contains(word))
          one.when = 0;
        else if (future.contains(word))
          one.when = 2;
        else if (!present.contains(word))
          one.words.push_back(word);
      }
      if (!is_clear) continue;
      one.words.insert(sentence == &pair.english ? one.words.end() : one.words.begin() + 1, "[MASK]");
      timed.push_back(std::move(one));
    }
  return timed;
}

}  // namespace heed::lessons
