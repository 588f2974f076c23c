// bpe.cpp — encoding: words, bytes, merges in the order of their ranks. Training is in bpe_train.cpp.
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

static const char* const op = "bpe";

// ---- the files' alphabet ----------------------------------------------------------------------------------

// Which character stands for each byte: itself where it can be printed, else one from U+0100 on.
static const std::array<char32_t, 256>& alphabet() {
  static const auto characters = [] {
    std::array<char32_t, 256> table{};
    char32_t next = 0x100;
    for (char32_t b = 0; b < 256; ++b) {
      const bool printed = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
      table[b] = printed ? b : next++;
    }
    return table;
  }();
  return characters;
}

static std::string printed(std::string_view bytes) {
  std::string text;
  for (const char b : bytes) append_utf8(text, alphabet()[static_cast<unsigned char>(b)]);
  return text;
}

// The bytes that a printed token stands for; throws where a character stands for none.
static std::string bytes_of(const std::string& text, const std::string& name) {
  static const auto back = [] {
    std::map<char32_t, char> table;
    for (std::size_t b = 0; b < 256; ++b) table[alphabet()[b]] = static_cast<char>(b);
    return table;
  }();
  std::string bytes;
  for (const char32_t c : code_points(text, Broken::refuse, name)) {
    const auto found = back.find(c);
    check(found != back.end(), op, name, ": token ", json_string(text), " has the character ",
          json_string(to_utf8({c})), ", which stands for no byte");
    bytes += found->second;
  }
  return bytes;
}

// ---- reading and writing ----------------------------------------------------------------------------------
static Vocabulary read_encoder(const std::string& path) {
  const Json json = Json::parse(read_file_of_format(op, path, "a JSON file of tokens (encoder.json)"), path);
  check(json.is(Json::Kind::object), op, path, ": expected an object of tokens and their ids");
  std::vector<std::string> tokens(json.object().size());
  std::vector<bool> seen(tokens.size());
  for (const auto& [token, value] : json.object()) {
    const std::int64_t id = value.integer();
    const bool fits = id >= 0 && static_cast<std::size_t>(id) < tokens.size();
    check(fits && !seen[static_cast<std::size_t>(id)], op, path, ": token ", json_string(token),
          " has the id ", id,
          fits ? ", which another has too" : concat("; ids must be 0 to ", tokens.size() - 1));
    seen[static_cast<std::size_t>(id)] = true;
    tokens[static_cast<std::size_t>(id)] = bytes_of(token, path);
  }
  return Vocabulary(std::move(tokens));
}

BytePairEncoding BytePairEncoding::load(const std::string& vocab_bpe, const std::string& encoder_json) {
  Vocabulary vocabulary = read_encoder(encoder_json);
  const std::string text = read_file(op, vocab_bpe);  // empty if the vocabulary has no merges
  check_format(op, vocab_bpe, text, "a list of merges (vocab.bpe)");
  Merges merges;
  std::size_t line_number = 0;
  for (const std::string_view row : lines_of(text)) {
    const std::string line(row);
    ++line_number;
    if (line.empty() || (line_number == 1 && line.starts_with("#version"))) continue;
    const std::string name = concat(vocab_bpe, ":", line_number);
    const std::size_t space = line.find(' ');
    check(space != std::string::npos && space > 0 && space + 1 < line.size() &&
              line.find(' ', space + 1) == std::string::npos,
          op, name, ": expected two tokens with a space between, got ", json_string(line));
    const auto part = [&](const std::string& token) {
      const auto id = vocabulary.find(bytes_of(token, name));
      check(id.has_value(), op, name, ": token ", json_string(token), " is not in ", encoder_json);
      return *id;
    };
    merges.emplace_back(part(line.substr(0, space)), part(line.substr(space + 1)));
  }
  return {std::move(vocabulary), merges, vocab_bpe};
}

void BytePairEncoding::save(const std::string& vocab_bpe, const std::string& encoder_json) const {
  write_whole(op, encoder_json, [&](std::ostream& out) {
    for (index_t id = 0; id < vocabulary_.size(); ++id)
      out << (id == 0 ? "{" : ", ") << json_string(printed(vocabulary_.word(id))) << ": " << id;
    out << "}";
  });
  write_whole(op, vocab_bpe, [&](std::ostream& out) {
    out << "#version: 0.2\n";
    for (const auto& [left, right] : merges_)
      out << printed(vocabulary_.word(left)) << " " << printed(vocabulary_.word(right)) << "\n";
  });
}

static std::uint64_t key_of(index_t left, index_t right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint64_t>(right);
}

BytePairEncoding::BytePairEncoding(Vocabulary vocabulary, const Merges& merges, const std::string& name)
    : Tokenizer(std::move(vocabulary)), merges_(merges) {
  std::vector<bool> made(static_cast<std::size_t>(vocabulary_.size()));
  for (int b = 0; b < 256; ++b) {
    const auto id = vocabulary_.find(std::string(1, static_cast<char>(b)));
    check(id.has_value(), op, name, ": no token for byte ", b, "; a vocabulary over bytes has all 256");
    of_byte_.push_back(*id);
    made[static_cast<std::size_t>(*id)] = true;
  }
  for (std::size_t rank = 0; rank < merges_.size(); ++rank) {
    const auto [left, right] = merges_[rank];
    const std::string whole = vocabulary_.word(left) + vocabulary_.word(right);
    const auto merged = vocabulary_.find(whole);
    check(merged.has_value(), op, name, ": merge ", rank, " makes ", json_string(printed(whole)),
          ", which is not in the vocabulary");
    // So merging the best pair first, one place after the other, is merging it in all places at once.
    check(made[static_cast<std::size_t>(left)] && made[static_cast<std::size_t>(right)], op, name, ": merge ",
          rank, " needs a token that only a later one makes, for ", json_string(printed(whole)));
    made[static_cast<std::size_t>(*merged)] = true;
    check(by_pair_.emplace(key_of(left, right), Merge{static_cast<index_t>(rank), *merged}).second, op, name,
          ": merge ", rank, " stands twice, for ", json_string(printed(whole)));
  }
}

// ---- encoding ---------------------------------------------------------------------------------------------
const BytePairEncoding::Merge* BytePairEncoding::merge_of(index_t left, index_t right) const {
  const auto found = by_pair_.find(key_of(left, right));
  return found == by_pair_.end() ? nullptr : &found->second;
}

// The tokens form a list, the possible merges a heap: n log n, however long a word is.
void BytePairEncoding::encode_word(std::string_view word, std::vector<index_t>& ids) const {
  const std::size_t n = word.size();
  std::vector<index_t> token(n);
  std::vector<std::size_t> next(n), previous(n);
  for (std::size_t i = 0; i < n; ++i) {
    token[i] = of_byte_[static_cast<unsigned char>(word[i])];
    next[i] = i + 1, previous[i] = i - 1;
  }
  using Candidate = std::tuple<index_t, std::size_t, index_t, index_t>;  // rank, place, left, right
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates;
  const auto offer = [&](std::size_t i) {
    if (i >= n || next[i] >= n) return;
    if (const Merge* m = merge_of(token[i], token[next[i]]))
      candidates.emplace(m->rank, i, token[i], token[next[i]]);
  };
  for (std::size_t i = 0; i + 1 < n; ++i) offer(i);
  while (!candidates.empty()) {
    const auto [rank, i, left, right] = candidates.top();
    candidates.pop();
    if (token[i] != left || next[i] >= n || token[next[i]] != right)
      continue;  // one of the two has been merged
    const std::size_t gone = next[i];
    token[i] = merge_of(left, right)->merged;
    token[gone] = -1;
    next[i] = next[gone];
    if (next[i] < n) previous[next[i]] = i;
    offer(previous[i]), offer(i);
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

// ---- words ------------------------------------------------------------------------------------------------
namespace {
enum class Kind { letter, number, space, other };
}

static Kind kind_at(std::string_view text, std::size_t at) {
  const char32_t c = character_at(text, at).code;  // what is no UTF-8 counts as "other"
  return is_letter(c) ? Kind::letter : is_number(c) ? Kind::number : is_space(c) ? Kind::space : Kind::other;
}

// One of 's 't 're 've 'm 'll 'd, or nothing.
static std::size_t contraction(std::string_view text, std::size_t at) {
  for (const std::string_view c : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"})
    if (text.substr(at, c.size()) == c) return c.size();
  return 0;
}

// … else letters, numbers or others in a row, with the one space before them; else spaces, of which the last is left
// to the word that follows.
std::vector<std::string_view> BytePairEncoding::split(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + contraction(text, at);
    if (end == at) {
      std::size_t begin = at;
      if (text[at] == ' ' && at + 1 < text.size() && kind_at(text, at + 1) != Kind::space) begin = at + 1;
      const Kind kind = kind_at(text, begin);
      std::size_t last = begin;
      for (end = begin; end < text.size() && kind_at(text, end) == kind;
           end += character_at(text, end).length)
        last = end;
      if (kind == Kind::space && end < text.size() && last > begin) end = last;
    }
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

}  // namespace heed::data
