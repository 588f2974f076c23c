// unicode.h — properties of characters, lower case and the removal of accents.
#pragma once

#include <cstddef>
#include <vector>

#include "data/utf8.h"

namespace heed::data {

// Classes of characters by Unicode's general category. The first line of unicode_tables.inc names
// the version of Unicode.
bool is_letter(char32_t c);       // L*
bool is_number(char32_t c);       // N*
bool is_mark(char32_t c);         // Mn: a combining accent
bool is_punctuation(char32_t c);  // P*, and every other printable ASCII symbol, such as $ and +
bool is_control(char32_t c);      // Cc and Cf except tab, LF and CR
bool is_space(char32_t c);        // White_Space
bool is_cjk(char32_t c);          // Chinese characters (Hanzi, Kanji, Hanja), but neither Kana nor Hangul

// Returns whether codes[index] is a capital sigma at the end of a word, whose lower case is ς
// instead of σ. This is Unicode's condition Final_Sigma: a cased letter precedes it and none
// follows it, if case-ignorable characters (accents, apostrophes, …) are skipped.
bool is_final_sigma(const std::vector<char32_t>& codes, std::size_t index);

// Appends c in lower case and without accents, as BERT's uncased models expect: É -> e, が -> か.
// Canonical decomposition also splits a Hangul syllable into its letters: 한 -> ᄒ ᅡ ᆫ. The context
// of c is not considered, so Σ becomes σ; pass ς instead of Σ if is_final_sigma.
void append_folded(std::vector<char32_t>& out, char32_t c);

}  // namespace heed::data
