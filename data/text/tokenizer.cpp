#include "data/text/tokenizer.h"

#include "autograd/error.h"

namespace heed::data {

static void check_has_unknown(const char* op, const Vocabulary& vocabulary) {
  check(vocabulary.size() > unknown_id && vocabulary.word(unknown_id) == "[UNK]", op,
        "expected [UNK] with id ", unknown_id, " in the vocabulary. Hint: use Vocabulary::build");
}

static std::vector<index_t> ids_of(const Vocabulary& vocabulary, const std::vector<std::string>& words) {
  std::vector<index_t> ids;
  ids.reserve(words.size());
  for (const std::string& word : words) ids.push_back(vocabulary.find(word).value_or(unknown_id));
  return ids;
}

// ---- characters -------------------------------------------------------------------------------------------
static std::vector<std::string> characters(std::string_view text, InvalidUtf8 invalid_utf8) {
  std::vector<std::string> list;
  for (const char32_t c : code_points(text, invalid_utf8)) list.push_back(to_utf8({c}));
  return list;
}

CharTokenizer::CharTokenizer(Vocabulary vocabulary, InvalidUtf8 invalid_utf8)
    : Tokenizer(std::move(vocabulary)), invalid_utf8_(invalid_utf8) {
  check_has_unknown("CharTokenizer", vocabulary_);
}

CharTokenizer CharTokenizer::train(const std::vector<std::string>& texts, const VocabularyOptions& options,
                                   InvalidUtf8 invalid_utf8) {
  std::vector<std::string> all;
  for (const std::string& text : texts)
    for (std::string& c : characters(text, invalid_utf8)) all.push_back(std::move(c));
  return CharTokenizer(Vocabulary::build(all, options), invalid_utf8);
}

std::vector<index_t> CharTokenizer::encode(std::string_view text) const {
  return ids_of(vocabulary_, characters(text, invalid_utf8_));
}

std::string CharTokenizer::decode(const std::vector<index_t>& ids) const {
  std::string text;
  for (const index_t id : ids) text += vocabulary_.word(id);
  return text;
}

// ---- words ------------------------------------------------------------------------------------------------
WordTokenizer::WordTokenizer(Vocabulary vocabulary, InvalidUtf8 invalid_utf8)
    : Tokenizer(std::move(vocabulary)), invalid_utf8_(invalid_utf8) {
  check_has_unknown("WordTokenizer", vocabulary_);
}

WordTokenizer WordTokenizer::train(const std::vector<std::string>& texts, const VocabularyOptions& options,
                                   InvalidUtf8 invalid_utf8) {
  std::vector<std::string> all;
  for (const std::string& text : texts)
    for (std::string& word : split(text, invalid_utf8)) all.push_back(std::move(word));
  return WordTokenizer(Vocabulary::build(all, options), invalid_utf8);
}

std::vector<std::string> WordTokenizer::split(std::string_view text, InvalidUtf8 invalid_utf8) {
  const std::vector<char32_t> codes = code_points(text, invalid_utf8);
  const auto in_word = [](char32_t c) { return is_letter(c) || is_number(c) || is_mark(c); };
  std::vector<std::string> words;
  for (std::size_t i = 0; i < codes.size();) {
    // A single space between two tokens is not a token.
    const bool skips_space = codes[i] == ' ' && i > 0 && i + 1 < codes.size() && codes[i + 1] != ' ';
    const std::size_t begin = i + (skips_space ? 1 : 0);
    std::size_t end = begin + 1;
    if (in_word(codes[begin]))
      while (end < codes.size() && in_word(codes[end])) ++end;
    std::string word = skips_space || i == 0 ? "" : "##";
    for (std::size_t j = begin; j < end; ++j) append_utf8(word, codes[j]);
    words.push_back(std::move(word));
    i = end;
  }
  return words;
}

std::vector<index_t> WordTokenizer::encode(std::string_view text) const {
  return ids_of(vocabulary_, split(text, invalid_utf8_));
}

std::string WordTokenizer::decode(const std::vector<index_t>& ids) const {
  std::string text;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::string& word = vocabulary_.word(ids[i]);
    const bool continues = word.size() > 2 && word.starts_with("##");
    if (i > 0 && !continues) text += ' ';
    text += continues ? word.substr(2) : word;
  }
  return text;
}

}  // namespace heed::data
