// unicode.h — text as code points: reading UTF-8, and what kind of character each is.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace heed::data {

// The length of the UTF-8 sequence that begins at `at`, or 0 where none does (RFC 3629: no overlong forms, no
// surrogates, nothing beyond U+10FFFF).
std::size_t utf8_length(std::string_view text, std::size_t at);

// One character of a text. Where the bytes are none, `whole` is false, `code` is U+FFFD, and `length` covers what
// could have become one, so that every reader replaces broken text by equally many U+FFFD.
struct Character {
  char32_t code;
  std::size_t length;  // in bytes
  bool whole;
};
Character character_at(std::string_view text, std::size_t at);

enum class Broken {
  refuse,  // an Error that names the byte
  replace  // U+FFFD for each broken place
};
// The code points of `text`. Throws "[utf8] NAME: byte 17: 0xC0 begins no character" where broken text is refused.
std::vector<char32_t> code_points(std::string_view text, Broken broken = Broken::refuse,
                                  const std::string& name = "the text");
void append_utf8(std::string& out, char32_t code);
std::string to_utf8(const std::vector<char32_t>& codes);

// Kinds of characters, by Unicode's categories (the version stands in unicode_tables.inc).
bool is_letter(char32_t c);       // L*
bool is_number(char32_t c);       // N*
bool is_mark(char32_t c);         // Mn: an accent as a character of its own
bool is_punctuation(char32_t c);  // P*, and all of ASCII that is neither letter, number, space nor control
bool is_control(char32_t c);      // Cc and Cf, but for tab and the ends of lines
bool is_space(char32_t c);        // White_Space
bool is_cjk(char32_t c);          // Chinese characters: Hanzi, Kanji, Hanja; not Kana, not Hangul

// Is the character at `at` a capital sigma at the end of a word, whose lower case is ς and not σ?
// Unicode's Final_Sigma: a cased letter before it and none after it, case-ignorable characters
// (accents, apostrophes, …) skipped.
bool is_final_sigma(const std::vector<char32_t>& codes, std::size_t at);

// Lower case and without accents, as BERT's uncased models read: É -> e, が -> か; a Hangul syllable comes apart
// into its letters, 한 -> ᄒ ᅡ ᆫ, for canonical decomposition does that. A character by itself: Σ ->
// σ; if is_final_sigma, give it ς.
void append_folded(std::vector<char32_t>& out, char32_t c);

}  // namespace heed::data
