// tokenizer.h — from text to ids and back; and the two simplest ways, by characters and by words.
//
//   const auto words = WordTokenizer::of(texts, {.min_count = 2});
//   std::vector<index_t> ids = words.encode("it is good.");     // it, is, good, ##.
//   std::string same = words.decode(ids);
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/text/unicode.h"
#include "data/text/vocabulary.h"

namespace heed::data {

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  virtual std::vector<index_t> encode(std::string_view text) const = 0;
  virtual std::string decode(const std::vector<index_t>& ids) const = 0;
  const Vocabulary& vocabulary() const { return vocabulary_; }

 protected:
  explicit Tokenizer(Vocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {}
  Vocabulary vocabulary_;
};

// One token a code point. Exact on any text whose characters are in the vocabulary; others become [UNK].
class CharTokenizer : public Tokenizer {
 public:
  explicit CharTokenizer(Vocabulary vocabulary, Broken broken = Broken::replace);
  static CharTokenizer of(const std::vector<std::string>& texts, const CountOptions& options = {},
                          Broken broken = Broken::replace);
  std::vector<index_t> encode(std::string_view text) const override;
  std::string decode(const std::vector<index_t>& ids) const override;

 private:
  Broken broken_;
};

// A token is a run of letters, marks and numbers, or one other character. A single space before a token is left out;
// where there is none, the token begins with "##". So "good" is one word before a full stop and before a space, and
// the text comes back exactly, as long as its words are in the vocabulary.
class WordTokenizer : public Tokenizer {
 public:
  explicit WordTokenizer(Vocabulary vocabulary, Broken broken = Broken::replace);
  static WordTokenizer of(const std::vector<std::string>& texts, const CountOptions& options = {},
                          Broken broken = Broken::replace);
  static std::vector<std::string> split(std::string_view text, Broken broken = Broken::replace);
  std::vector<index_t> encode(std::string_view text) const override;
  std::string decode(const std::vector<index_t>& ids) const override;

 private:
  Broken broken_;
};

}  // namespace heed::data
