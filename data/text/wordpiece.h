// wordpiece.h — BERT's tokenizer: splits text into words, and words into the longest pieces in the
// vocabulary.
//
//   const auto bert = WordPiece::load("vocab.txt", {.lower_case = true});
//   bert.encode("unaffable")                          // un ##aff ##able
//
// Implements the rules of Devlin et al., 2019: control characters are dropped; every space,
// punctuation mark and Chinese character ends a word. With lower_case, text is decomposed and
// converted to lower case without accents, so a Hangul syllable is split into its letters (한 into ᄒ
// ᅡ ᆫ; cased vocabularies contain whole syllables). Not reversible: spaces, accents and unknown
// words are lost. Special tokens in the text, such as [MASK], are encoded like any other text;
// their ids are vocabulary().id("[MASK]").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/text/tokenizer.h"

namespace heed::data {

struct WordPieceOptions {
  bool lower_case = true;  // true for "uncased" vocabularies
  // BERT drops U+FFFD, so with InvalidUtf8::replace invalid bytes are dropped.
  InvalidUtf8 invalid_utf8 = InvalidUtf8::replace;
  std::size_t max_word_length = 100;  // in characters; a longer word becomes [UNK]
};

class WordPiece : public Tokenizer {
 public:
  explicit WordPiece(Vocabulary vocabulary, const WordPieceOptions& options = {});
  // Reads one token per line (LF, CR LF or CR); the line's index from 0 is the id. Throws
  // "[wordpiece] PATH…".
  static WordPiece load(const std::string& vocab_txt, const WordPieceOptions& options = {});

  // Returns the words before they are split into pieces.
  std::vector<std::string> split(std::string_view text) const;
  std::vector<index_t> encode(std::string_view text) const override;
  // Joins the pieces of each word, and the words with spaces.
  std::string decode(const std::vector<index_t>& ids) const override;

 private:
  void encode_word(const std::string& word, std::vector<index_t>& ids) const;
  WordPieceOptions options_;
  index_t unknown_;
};

}  // namespace heed::data
