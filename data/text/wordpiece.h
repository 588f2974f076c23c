// wordpiece.h — BERT's tokenizer: words, then the longest pieces that the vocabulary has.
//
//   const auto bert = WordPiece::load("vocab.txt", {.lower_case = true});
//   bert.encode("unaffable")                          // un ##aff ##able
//
// As Devlin et al., 2019, published it: control characters go; every space, punctuation mark and Chinese character
// ends a word; with lower_case also capitals and accents go, for which text is decomposed, and so a Hangul syllable
// is read as its letters (한 as ᄒ ᅡ ᆫ; cased vocabularies hold whole syllables). Not reversible: spaces, accents
// and unknown words are lost. Special words in a text, such as [MASK], are read as any other text; their ids
// are vocabulary().id("[MASK]").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/text/tokenizer.h"

namespace heed::data {

struct WordPieceOptions {
  bool lower_case = true;             // "uncased"
  Broken broken = Broken::replace;    // what replaces broken text is then dropped, as BERT drops U+FFFD
  std::size_t max_word_length = 100;  // in characters; a longer word is [UNK]
};

class WordPiece : public Tokenizer {
 public:
  explicit WordPiece(Vocabulary vocabulary, const WordPieceOptions& options = {});
  // One token per line (LF, CR LF or CR), its number from 0 is its id. Throws "[wordpiece] PATH…".
  static WordPiece load(const std::string& vocab_txt, const WordPieceOptions& options = {});

  // The words before they are cut into pieces.
  std::vector<std::string> split(std::string_view text) const;
  std::vector<index_t> encode(std::string_view text) const override;
  std::string decode(
      const std::vector<index_t>& ids) const override;  // pieces joined, words with a space between

 private:
  void encode_word(const std::string& word, std::vector<index_t>& ids) const;
  WordPieceOptions options_;
  index_t unknown_;
};

}  // namespace heed::data
