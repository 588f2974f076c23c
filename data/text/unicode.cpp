// unicode.cpp — UTF-8 by the table of RFC 3629, kinds of characters by binary search.
#include "data/text/unicode.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <span>

#include "autograd/error.h"
#include "data/text/unicode_tables.inc"

namespace heed::data {

// How many bytes from `at` on belong together, and how many a whole character would have (0: none begins here).
static std::pair<std::size_t, std::size_t> sequence(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  if (at >= text.size()) return {0, 0};
  const unsigned first = byte(0);
  std::size_t length = 0;
  unsigned low = 0x80, high = 0xBF;  // of the second byte
  if (first < 0x80) return {1, 1};
  if (first >= 0xC2 && first <= 0xDF) length = 2;
  if (first >= 0xE0 && first <= 0xEF) length = 3;
  if (first >= 0xF0 && first <= 0xF4) length = 4;
  if (length == 0) return {1, 0};
  if (first == 0xE0) low = 0xA0;
  if (first == 0xED) high = 0x9F;
  if (first == 0xF0) low = 0x90;
  if (first == 0xF4) high = 0x8F;
  std::size_t n = 1;
  while (n < length && at + n < text.size() && byte(n) >= low && byte(n) <= high)
    ++n, low = 0x80, high = 0xBF;
  return {n, length};
}

std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto [have, length] = sequence(text, at);
  return have == length ? length : 0;
}

Character character_at(std::string_view text, std::size_t at) {
  const auto [have, length] = sequence(text, at);
  if (have != length || length == 0) return {0xFFFD, std::max<std::size_t>(have, 1), false};
  const auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[at + i]));
  };
  if (length == 1) return {byte(0), 1, true};
  char32_t code = byte(0) & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (byte(i) & 0x3F);
  return {code, length, true};
}

std::vector<char32_t> code_points(std::string_view text, Broken broken, const std::string& name) {
  std::vector<char32_t> codes;
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    if (!c.whole && broken == Broken::refuse) {
      char hex[8];
      std::snprintf(hex, sizeof hex, "0x%02X", static_cast<unsigned>(static_cast<unsigned char>(text[at])));
      fail("utf8", name, ": byte ", at, ": ", hex,
           " begins no character. Hint: Broken::replace puts U+FFFD there");
    }
    codes.push_back(c.code);
    at += c.length;
  }
  return codes;
}

void append_utf8(std::string& out, char32_t code) {
  const auto put = [&out](char32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xE0 | code >> 12);
    } else {
      put(0xF0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3F));
    }
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

std::string to_utf8(const std::vector<char32_t>& codes) {
  std::string text;
  for (const char32_t c : codes) append_utf8(text, c);
  return text;
}

// ---- kinds ------------------------------------------------------------------------------------------------
static bool within(std::span<const unicode::Range> ranges, char32_t c) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), c,
                       [](char32_t value, const unicode::Range& r) { return value < r.first; });
  return after != ranges.begin() && c <= std::prev(after)->last;
}

bool is_letter(char32_t c) { return within(unicode::letters, c); }
bool is_number(char32_t c) { return within(unicode::numbers, c); }
bool is_mark(char32_t c) { return within(unicode::marks, c); }
bool is_control(char32_t c) { return c != '\t' && c != '\n' && c != '\r' && within(unicode::controls, c); }

bool is_punctuation(char32_t c) {
  const bool ascii =
      (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126);
  return ascii || within(unicode::punctuation, c);
}

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool is_cjk(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
         (c >= 0x2A700 && c <= 0x2CEAF) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

// ---- lower case and folding ---------------------------------------------------------------------
bool is_final_sigma(const std::vector<char32_t>& codes, std::size_t at) {
  if (codes[at] != U'Σ') return false;
  const auto is_ignorable = [&](std::size_t i) { return within(unicode::case_ignorable, codes[i]); };
  std::size_t before = at, after = at + 1;
  while (before > 0 && is_ignorable(before - 1)) --before;
  while (after < codes.size() && is_ignorable(after)) ++after;
  return before > 0 && within(unicode::cased, codes[before - 1]) &&
         (after == codes.size() || !within(unicode::cased, codes[after]));
}

void append_folded(std::vector<char32_t>& out, char32_t c) {
  if (c < 0x80) return out.push_back(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (is_mark(c)) return;
  if (c >= 0xAC00 &&
      c <= 0xD7A3) {  // The Unicode Standard, 3.12: syllable = ((lead * 21) + vowel) * 28 + tail
    const char32_t syllable = c - 0xAC00, tail = syllable % 28;
    out.push_back(0x1100 + syllable / (21 * 28));
    out.push_back(0x1161 + syllable / 28 % 21);
    if (tail != 0) out.push_back(0x11A7 + tail);
    return;
  }
  for (const unicode::Run& run : unicode::fold_runs)
    if (c >= run.first && c <= run.last && (c - run.first) % run.step == 0)
      return out.push_back(c + run.distance);
  const auto found = std::lower_bound(std::begin(unicode::folds), std::end(unicode::folds), c,
                                      [](const unicode::Fold& f, char32_t value) { return f.from < value; });
  if (found == std::end(unicode::folds) || found->from != c) return out.push_back(c);
  for (const char32_t to : found->to)
    if (to != 0) out.push_back(to);
}

}  // namespace heed::data
