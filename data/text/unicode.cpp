// unicode.cpp — uses binary search in the generated tables.
#include "data/text/unicode.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "data/text/unicode_tables.inc"

namespace heed::data {

// ---- character classes --------------------------------------------------------------------------------
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

// ---- lower case and folding ---------------------------------------------------------------------------
bool is_final_sigma(const std::vector<char32_t>& codes, std::size_t index) {
  if (codes[index] != U'Σ') return false;
  const auto is_ignorable = [&](std::size_t i) { return within(unicode::case_ignorable, codes[i]); };
  std::size_t before = index, after = index + 1;
  while (before > 0 && is_ignorable(before - 1)) --before;
  while (after < codes.size() && is_ignorable(after)) ++after;
  return before > 0 && within(unicode::cased, codes[before - 1]) &&
         (after == codes.size() || !within(unicode::cased, codes[after]));
}

void append_folded(std::vector<char32_t>& out, char32_t c) {
  if (c < 0x80) return out.push_back(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (is_mark(c)) return;
  // Hangul, The Unicode Standard, section 3.12: syllable = ((lead * 21) + vowel) * 28 + tail.
  if (c >= 0xAC00 && c <= 0xD7A3) {
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
