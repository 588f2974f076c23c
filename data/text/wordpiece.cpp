#include "data/text/wordpiece.h"

#include "autograd/error.h"
#include "data/file_format.h"
#include "data/json.h"
#include "data/text/lines.h"

namespace heed::data {

static const char* const wordpiece_op = "wordpiece";

WordPiece::WordPiece(Vocabulary vocabulary, const WordPieceOptions& options)
    : Tokenizer(std::move(vocabulary)), options_(options) {
  const auto unknown = vocabulary_.find("[UNK]");
  check(unknown.has_value(), wordpiece_op, "expected a vocabulary with [UNK], got ", vocabulary_.size(),
        " tokens without it");
  unknown_ = *unknown;
}

WordPiece WordPiece::load(const std::string& path, const WordPieceOptions& options) {
  const std::string text =
      read_file_of_format(wordpiece_op, path, "a vocabulary with one token per line (vocab.txt)");
  std::vector<std::string> words;
  std::map<std::string, std::size_t> lines;
  for (const std::string_view token : lines_of(text)) {
    std::string word(token);
    const std::size_t line = words.size() + 1;
    check(!word.empty(), wordpiece_op, path, ":", line, ": expected one token per line, got an empty line");
    (void)code_points(word, InvalidUtf8::reject, path, line);
    const auto [first, is_new] = lines.emplace(word, line);
    check(is_new, wordpiece_op, path, ":", line, ": expected unique tokens, got ", Quoted{word},
          ", which is also in line ", first->second);
    words.push_back(std::move(word));
  }
  check(lines.contains("[UNK]"), wordpiece_op, path, ": expected a vocabulary with [UNK], got ", words.size(),
        " tokens without it");
  return WordPiece(Vocabulary(std::move(words)), options);
}

std::vector<std::string> WordPiece::split(std::string_view text) const {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  std::vector<char32_t> codes = code_points(text, options_.invalid_utf8), folded;
  std::erase_if(codes, [](char32_t c) { return c == 0 || c == 0xFFFD || is_control(c); });
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const char32_t c = codes[i];
    folded.clear();
    if (options_.lower_case)
      append_folded(folded, is_final_sigma(codes, i) ? U'ς' : c);
    else
      folded.push_back(c);
    for (const char32_t f : folded) {
      const bool alone = is_punctuation(f) || is_cjk(c);
      if (alone || is_space(f)) end_word();
      if (!is_space(f)) append_utf8(word, f);
      if (alone) end_word();
    }
  }
  end_word();
  return words;
}

// Repeatedly uses the longest piece that is in the vocabulary. Without one, the word is unknown.
void WordPiece::encode_word(const std::string& word, std::vector<index_t>& ids) const {
  std::vector<std::size_t> ends;  // the offset after each character
  for (std::size_t end = 0; end < word.size();) {
    end += decode_utf8(word, end).length;
    ends.push_back(end);
  }
  if (ends.size() > options_.max_word_length) return ids.push_back(unknown_);
  std::vector<index_t> pieces;
  for (std::size_t begin = 0, first = 0; begin < word.size();) {
    std::size_t last = ends.size();
    std::optional<index_t> piece;
    while (last > first && !piece) {
      const std::string text = word.substr(begin, ends[last - 1] - begin);
      piece = vocabulary_.find(begin == 0 ? text : "##" + text);
      if (!piece) --last;
    }
    if (!piece) return ids.push_back(unknown_);
    pieces.push_back(*piece);
    begin = ends[last - 1];
    first = last;
  }
  ids.insert(ids.end(), pieces.begin(), pieces.end());
}

std::vector<index_t> WordPiece::encode(std::string_view text) const {
  std::vector<index_t> ids;
  for (const std::string& word : split(text)) encode_word(word, ids);
  return ids;
}

std::string WordPiece::decode(const std::vector<index_t>& ids) const {
  std::string text;
  for (const index_t id : ids) {
    const std::string& word = vocabulary_.word(id);
    const bool continues = word.size() > 2 && word.starts_with("##");
    if (!continues && !text.empty()) text += ' ';
    text += continues ? word.substr(2) : word;
  }
  return text;
}

}  // namespace heed::data
