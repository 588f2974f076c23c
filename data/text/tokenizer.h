// tokenizer.h — the interface of all tokenizers, and the two simplest ones: by characters and by
// words.
//
//   const auto tokenizer = WordTokenizer::train(texts, {.min_count = 2});
//   std::vector<index_t> ids = tokenizer.encode("it is good.");     // it, is, good, ##.
//   std::string same = tokenizer.decode(ids);
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

// One token per code point. Exactly reversible if all characters are in the vocabulary; others
// become [UNK].
class CharTokenizer : public Tokenizer {
 public:
  explicit CharTokenizer(Vocabulary vocabulary, InvalidUtf8 invalid_utf8 = InvalidUtf8::replace);
  static CharTokenizer train(const std::vector<std::string>& texts, const VocabularyOptions& options = {},
                             InvalidUtf8 invalid_utf8 = InvalidUtf8::replace);
  std::vector<index_t> encode(std::string_view text) const override;
  std::string decode(const std::vector<index_t>& ids) const override;

 private:
  InvalidUtf8 invalid_utf8_;
};

// A token is either a run of letters, marks and numbers, or one other character. A single space
// before a token is dropped; a token without a space before it is written with the prefix "##". So
// "good" is the same token before a full stop and before a space, and decoding is exact if all
// words are in the vocabulary.
class WordTokenizer : public Tokenizer {
 public:
  explicit WordTokenizer(Vocabulary vocabulary, InvalidUtf8 invalid_utf8 = InvalidUtf8::replace);
  static WordTokenizer train(const std::vector<std::string>& texts, const VocabularyOptions& options = {},
                             InvalidUtf8 invalid_utf8 = InvalidUtf8::replace);
  static std::vector<std::string> split(std::string_view text,
                                        InvalidUtf8 invalid_utf8 = InvalidUtf8::replace);
  std::vector<index_t> encode(std::string_view text) const override;
  std::string decode(const std::vector<index_t>& ids) const override;

 private:
  InvalidUtf8 invalid_utf8_;
};

}  // namespace heed::data
