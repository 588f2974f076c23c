#include "data/text/tokenizer.h"

#include "autograd/error.h"

namespace heed::data {

static void check_has_unknown(const char* op, const Vocabulary& vocabulary) {
  check(vocabulary.size() > unknown_id && vocabulary.word(unknown_id) == "[UNK]", op,
        "word 1 of the vocabulary must be [UNK]. Hint: Vocabulary::count");
}

static std::vector<index_t> ids_of(const Vocabulary& vocabulary, const std::vector<std::string>& words) {
  std::vector<index_t> ids;
  ids.reserve(words.size());
  for (const std::string& word : words) ids.push_back(vocabulary.find(word).value_or(unknown_id));
  return ids;
}

// ---- characters -------------------------------------------------------------------------------------------
static std::vector<std::string> characters(std::string_view text, Broken broken) {
  std::vector<std::string> list;
  for (const char32_t c : code_points(text, broken)) list.push_back(to_utf8({c}));
  return list;
}

CharTokenizer::CharTokenizer(Vocabulary vocabulary, Broken broken)
    : Tokenizer(std::move(vocabulary)), broken_(broken) {
  check_has_unknown("CharTokenizer", vocabulary_);
}

CharTokenizer CharTokenizer::of(const std::vector<std::string>& texts, const CountOptions& options,
                                Broken broken) {
  std::vector<std::string> all;
  for (const std::string& text : texts)
    for (std::string& c : characters(text, broken)) all.push_back(std::move(c));
  return CharTokenizer(Vocabulary::count(all, options), broken);
}

std::vector<index_t> CharTokenizer::encode(std::string_view text) const {
  return ids_of(vocabulary_, characters(text, broken_));
}

std::string CharTokenizer::decode(const std::vector<index_t>& ids) const {
  std::string text;
  for (const index_t id : ids) text += vocabulary_.word(id);
  return text;
}

// ---- words ------------------------------------------------------------------------------------------------
WordTokenizer::WordTokenizer(Vocabulary vocabulary, Broken broken)
    : Tokenizer(std::move(vocabulary)), broken_(broken) {
  check_has_unknown("WordTokenizer", vocabulary_);
}

WordTokenizer WordTokenizer::of(const std::vector<std::string>& texts, const CountOptions& options,
                                Broken broken) {
  std::vector<std::string> all;
  for (const std::string& text : texts)
    for (std::string& word : split(text, broken)) all.push_back(std::move(word));
  return WordTokenizer(Vocabulary::count(all, options), broken);
}

std::vector<std::string> WordTokenizer::split(std::string_view text, Broken broken) {
  const std::vector<char32_t> codes = code_points(text, broken);
  const auto in_word = [](char32_t c) { return is_letter(c) || is_number(c) || is_mark(c); };
  std::vector<std::string> words;
  for (std::size_t at = 0; at < codes.size();) {
    // A space that something follows, other than another space, is only the gap between two tokens.
    const bool gap = codes[at] == ' ' && at > 0 && at + 1 < codes.size() && codes[at + 1] != ' ';
    std::size_t begin = at + (gap ? 1 : 0), end = begin + 1;
    if (in_word(codes[begin]))
      while (end < codes.size() && in_word(codes[end])) ++end;
    std::string word = gap || at == 0 ? "" : "##";
    for (std::size_t i = begin; i < end; ++i) append_utf8(word, codes[i]);
    words.push_back(std::move(word));
    at = end;
  }
  return words;
}

std::vector<index_t> WordTokenizer::encode(std::string_view text) const {
  return ids_of(vocabulary_, split(text, broken_));
}

std::string WordTokenizer::decode(const std::vector<index_t>& ids) const {
  std::string text;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::string& word = vocabulary_.word(ids[i]);
    const bool glued = word.size() > 2 && word.starts_with("##");
    if (i > 0 && !glued) text += ' ';
    text += glued ? word.substr(2) : word;
  }
  return text;
}

}  // namespace heed::data
