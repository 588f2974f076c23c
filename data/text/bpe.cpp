// bpe.cpp — loads, saves and applies the merges. Training is in bpe_train.cpp.
#include "data/text/bpe.h"

#include <array>
#include <functional>
#include <queue>
#include <tuple>

#include "autograd/error.h"
#include "data/file.h"
#include "data/file_format.h"
#include "data/json.h"
#include "data/text/lines.h"

namespace heed::data {

static const char* const bpe_op = "bpe";

// ---- the alphabet of the files -----------------------------------------------------------------------

// The character that represents each byte: the byte itself if it is printable, otherwise one from
// U+0100 on.
static const std::array<char32_t, 256>& alphabet() {
  static const auto characters = [] {
    std::array<char32_t, 256> table{};
    char32_t next = 0x100;
    for (char32_t b = 0; b < 256; ++b) {
      const bool is_printable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
      table[b] = is_printable ? b : next;
      next += is_printable ? 0 : 1;
    }
    return table;
  }();
  return characters;
}

static std::string printable(std::string_view bytes) {
  std::string text;
  for (const char b : bytes) append_utf8(text, alphabet()[static_cast<unsigned char>(b)]);
  return text;
}

// Returns the bytes that a printable token represents. Throws if a character represents no byte.
// Errors use the path and the line (0: none).
static std::string bytes_of(const std::string& token, const std::string& path, std::size_t line = 0) {
  static const auto byte_of = [] {
    std::map<char32_t, char> table;
    for (std::size_t b = 0; b < 256; ++b) table[alphabet()[b]] = static_cast<char>(b);
    return table;
  }();
  std::string bytes;
  for (const char32_t c : code_points(token, InvalidUtf8::reject, path, line)) {
    const auto found = byte_of.find(c);
    check(
        found != byte_of.end(), bpe_op, path, [&] { return line > 0 ? concat(":", line) : ""; }, ": token ",
        Quoted{token}, ": expected characters that represent bytes, got ",
        [&] { return json_string(to_utf8({c})); });
    bytes += found->second;
  }
  return bytes;
}

// ---- reading and writing -----------------------------------------------------------------------------
static Vocabulary read_encoder(const std::string& path) {
  const Json json =
      Json::parse(read_file_of_format(bpe_op, path, "a JSON file of tokens (encoder.json)"), path);
  check(json.is(Json::Kind::object), bpe_op, path, ": expected an object of tokens and their ids");
  std::vector<std::string> tokens(json.object().size());
  std::vector<bool> seen(tokens.size());
  for (const auto& [token, value] : json.object()) {
    const std::int64_t id = value.integer();
    const bool fits = id >= 0 && static_cast<std::size_t>(id) < tokens.size();
    check(fits && !seen[static_cast<std::size_t>(id)], bpe_op, path, ": token ", Quoted{token},
          ": expected a unique id in [0, ", tokens.size(), "), got ", id, fits ? " again" : "");
    seen[static_cast<std::size_t>(id)] = true;
    tokens[static_cast<std::size_t>(id)] = bytes_of(token, path);
  }
  return Vocabulary(std::move(tokens));
}

BytePairEncoding BytePairEncoding::load(const std::string& vocab_bpe, const std::string& encoder_json) {
  Vocabulary vocabulary = read_encoder(encoder_json);
  // The file is empty if the vocabulary has no merges.
  const std::string text =
      read_file_of_format(bpe_op, vocab_bpe, "a list of merges (vocab.bpe)", EmptyFile::allow);
  Merges merges;
  std::size_t line_number = 0;
  for (const std::string_view row : lines_of(text)) {
    const std::string line(row);
    ++line_number;
    if (line.empty() || (line_number == 1 && line.starts_with("#version"))) continue;
    const std::size_t space = line.find(' ');
    check(space != std::string::npos && space > 0 && space + 1 < line.size() &&
              line.find(' ', space + 1) == std::string::npos,
          bpe_op, vocab_bpe, ":", line_number, ": expected two tokens separated by a space, got ",
          Quoted{line});
    const auto part = [&](const std::string& token) {
      const auto id = vocabulary.find(bytes_of(token, vocab_bpe, line_number));
      check(id.has_value(), bpe_op, vocab_bpe, ":", line_number, ": expected a token that is in ",
            encoder_json, ", got ", Quoted{token});
      return *id;
    };
    merges.emplace_back(part(line.substr(0, space)), part(line.substr(space + 1)));
  }
  return {std::move(vocabulary), merges, vocab_bpe};
}

void BytePairEncoding::save(const std::string& vocab_bpe, const std::string& encoder_json) const {
  write_atomically(bpe_op, encoder_json, [&](std::ostream& out) {
    for (index_t id = 0; id < vocabulary_.size(); ++id)
      out << (id == 0 ? "{" : ", ") << json_string(printable(vocabulary_.word(id))) << ": " << id;
    out << "}";
  });
  write_atomically(bpe_op, vocab_bpe, [&](std::ostream& out) {
    out << "#version: 0.2\n";
    for (const auto& [left, right] : merges_)
      out << printable(vocabulary_.word(left)) << " " << printable(vocabulary_.word(right)) << "\n";
  });
}

static std::uint64_t key_of(index_t left, index_t right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint64_t>(right);
}

BytePairEncoding::BytePairEncoding(Vocabulary vocabulary, const Merges& merges, const std::string& name)
    : Tokenizer(std::move(vocabulary)), merges_(merges) {
  std::vector<bool> is_known(static_cast<std::size_t>(vocabulary_.size()));
  for (int b = 0; b < 256; ++b) {
    const auto id = vocabulary_.find(std::string(1, static_cast<char>(b)));
    check(id.has_value(), bpe_op, name, ": expected tokens for all 256 bytes, got none for byte ", b);
    of_byte_.push_back(*id);
    is_known[static_cast<std::size_t>(*id)] = true;
  }
  for (std::size_t rank = 0; rank < merges_.size(); ++rank) {
    const auto [left, right] = merges_[rank];
    const std::string joined = vocabulary_.word(left) + vocabulary_.word(right);
    const auto merged = vocabulary_.find(joined);
    const auto token = [&] { return json_string(printable(joined)); };
    check(merged.has_value(), bpe_op, name, ": merge ", rank, ": expected the result in the vocabulary, got ",
          token);
    // A merge may use only bytes and the results of earlier merges. encode_word relies on this:
    // merging the occurrences of the best pair one after the other then equals merging all of them
    // at once.
    check(is_known[static_cast<std::size_t>(left)] && is_known[static_cast<std::size_t>(right)], bpe_op, name,
          ": merge ", rank, ": expected bytes or results of earlier merges, got another token in ", token);
    is_known[static_cast<std::size_t>(*merged)] = true;
    check(by_pair_.emplace(key_of(left, right), Merge{static_cast<index_t>(rank), *merged}).second, bpe_op,
          name, ": merge ", rank, ": expected unique merges, got ", token, " again");
  }
}

// ---- encoding ----------------------------------------------------------------------------------------
const BytePairEncoding::Merge* BytePairEncoding::find_merge(index_t left, index_t right) const {
  const auto found = by_pair_.find(key_of(left, right));
  return found == by_pair_.end() ? nullptr : &found->second;
}

// Uses a linked list of tokens and a heap of possible merges: O(n log n) for n bytes.
void BytePairEncoding::encode_word(std::string_view word, std::vector<index_t>& ids) const {
  const std::size_t n = word.size();
  std::vector<index_t> token(n);
  std::vector<std::size_t> next(n), previous(n);
  for (std::size_t i = 0; i < n; ++i) {
    token[i] = of_byte_[static_cast<unsigned char>(word[i])];
    next[i] = i + 1;
    previous[i] = i - 1;
  }
  using Candidate = std::tuple<index_t, std::size_t, index_t, index_t>;  // rank, position, left, right
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates;
  const auto push_merge = [&](std::size_t i) {
    if (i >= n || next[i] >= n) return;
    if (const Merge* m = find_merge(token[i], token[next[i]]))
      candidates.emplace(m->rank, i, token[i], token[next[i]]);
  };
  for (std::size_t i = 0; i + 1 < n; ++i) push_merge(i);
  while (!candidates.empty()) {
    const auto [rank, i, left, right] = candidates.top();
    candidates.pop();
    // Skip the candidate if one of the two tokens has been merged since.
    if (token[i] != left || next[i] >= n || token[next[i]] != right) continue;
    const std::size_t removed = next[i];
    token[i] = find_merge(left, right)->merged;
    token[removed] = -1;
    next[i] = next[removed];
    if (next[i] < n) previous[next[i]] = i;
    push_merge(previous[i]);
    push_merge(i);
  }
  for (std::size_t i = 0; i < n; i = next[i]) ids.push_back(token[i]);
}

std::vector<index_t> BytePairEncoding::encode(std::string_view text) const {
  std::vector<index_t> ids;
  for (const std::string_view word : split(text)) encode_word(word, ids);
  return ids;
}

std::string BytePairEncoding::decode(const std::vector<index_t>& ids) const {
  std::string bytes;
  for (const index_t id : ids) bytes += vocabulary_.word(id);
  return bytes;
}

// ---- words -------------------------------------------------------------------------------------------
namespace {
enum class Kind { letter, number, space, other };
}

static Kind kind_at(std::string_view text, std::size_t position) {
  const char32_t c = decode_utf8(text, position).code;  // U+FFFD, which is "other", for invalid UTF-8
  return is_letter(c) ? Kind::letter : is_number(c) ? Kind::number : is_space(c) ? Kind::space : Kind::other;
}

// Returns the length of one of 's 't 're 've 'm 'll 'd at this position, or 0.
static std::size_t contraction_length(std::string_view text, std::size_t position) {
  for (const std::string_view c : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"})
    if (text.substr(position, c.size()) == c) return c.size();
  return 0;
}

// The end of a word that is not a contraction: a run of letters, numbers or other characters, with
// at most one space before it; otherwise a run of spaces, without the last one if a word follows.
static std::size_t end_of_run(std::string_view text, std::size_t begin) {
  const bool skips_space =
      text[begin] == ' ' && begin + 1 < text.size() && kind_at(text, begin + 1) != Kind::space;
  const std::size_t start = begin + (skips_space ? 1 : 0);
  const Kind kind = kind_at(text, start);
  std::size_t last = start, end = start;
  while (end < text.size() && kind_at(text, end) == kind) {
    last = end;
    end += decode_utf8(text, end).length;
  }
  return kind == Kind::space && end < text.size() && last > start ? last : end;
}

std::vector<std::string_view> BytePairEncoding::split(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t length = contraction_length(text, begin);
    const std::size_t end = length > 0 ? begin + length : end_of_run(text, begin);
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

}  // namespace heed::data
