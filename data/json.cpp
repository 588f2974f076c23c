#include "data/json.h"

#include <charconv>
#include <cstdio>
#include <set>

#include "autograd/error.h"
#include "data/utf8.h"

namespace heed::data {

// A recursive-descent parser, which uses one method per rule of RFC 8259's grammar.
class JsonParser {
 public:
  JsonParser(std::string_view text, const std::string& name)
      : text_(text), name_(name), position_(byte_order_mark_length(text)) {}

  Json document() {
    Json value = this->value(0);
    skip_space();
    if (!at_end()) error("expected the end of the text after the value");
    return value;
  }

 private:
  static constexpr int max_depth = 64;

  [[noreturn]] void error(const std::string& problem) const {
    fail("json", name_, ": byte ", position_, ": ", problem);
  }
  [[noreturn]] void expected(const std::string& token) const {
    error("expected " + token + (at_end() ? ", got the end of the text" : ""));
  }
  bool at_end() const { return position_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[position_]; }
  void skip_space() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++position_;
  }
  bool accept(char c) {
    if (at_end() || text_[position_] != c) return false;
    ++position_;
    return true;
  }
  bool accept(std::string_view literal) {
    if (text_.substr(position_, literal.size()) != literal) return false;
    position_ += literal.size();
    return true;
  }
  void require(char c) {
    if (!accept(c)) expected(concat("'", c, "'"));
  }

  Json value(int depth) {
    if (depth > max_depth) error(concat("nested more than ", max_depth, " levels deep"));
    skip_space();
    Json json;
    if (peek() == '{') {
      json.kind_ = Json::Kind::object;
      object(json, depth);
    } else if (peek() == '[') {
      json.kind_ = Json::Kind::array;
      array(json, depth);
    } else if (peek() == '"') {
      json.kind_ = Json::Kind::string;
      json.text_ = string();
    } else if (accept("true")) {
      json.kind_ = Json::Kind::boolean;
      json.boolean_ = true;
    } else if (accept("false")) {
      json.kind_ = Json::Kind::boolean;
    } else if (accept("null")) {
      json.kind_ = Json::Kind::null;
    } else {
      json.kind_ = Json::Kind::number;
      json.text_ = number();
    }
    return json;
  }

  void object(Json& json, int depth) {
    require('{');
    skip_space();
    if (accept('}')) return;
    std::set<std::string> names;
    do {
      skip_space();
      const std::size_t start = position_;
      std::string name = string();
      if (!names.insert(name).second) {
        position_ = start;
        error("expected unique names, got " + json_string(name) + " twice");
      }
      skip_space();
      require(':');
      json.members_.emplace_back(std::move(name), value(depth + 1));
      skip_space();
    } while (accept(','));
    require('}');
  }

  void array(Json& json, int depth) {
    require('[');
    skip_space();
    if (accept(']')) return;
    do {
      json.items_.push_back(value(depth + 1));
      skip_space();
    } while (accept(','));
    require(']');
  }

  bool digits() {
    const std::size_t start = position_;
    while (peek() >= '0' && peek() <= '9') ++position_;
    return position_ > start;
  }

  std::string number() {
    const std::size_t start = position_;
    accept('-');
    if (!accept('0') && !digits()) expected("a value");
    if (accept('.') && !digits()) error("expected a digit after the decimal point");
    if (accept('e') || accept('E')) {
      if (!accept('+')) accept('-');
      if (!digits()) error("expected a digit in the exponent");
    }
    return std::string(text_.substr(start, position_ - start));
  }

  std::string string() {
    require('"');
    std::string out;
    while (!accept('"')) {
      if (at_end()) error("expected '\"' at the end of the string");
      if (static_cast<unsigned char>(peek()) < 0x20) error("a control character in a string must be escaped");
      if (accept('\\')) {
        escape(out);
        continue;
      }
      const std::size_t length = utf8_sequence_length(text_, position_);
      if (length == 0) error("expected UTF-8");
      out += text_.substr(position_, length);
      position_ += length;
    }
    return out;
  }

  unsigned four_digits() {
    unsigned code = 0;
    const std::string_view digits = text_.substr(position_, 4);
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (problem != std::errc() || end != digits.data() + 4) error("expected four hexadecimal digits");
    position_ += 4;
    return code;
  }

  void escape(std::string& out) {
    static constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    const std::size_t i = at_end() ? std::string_view::npos : letters.find(peek());
    if (i != std::string_view::npos) {
      ++position_;
      out += meanings[i];
      return;
    }
    require('u');
    unsigned code = four_digits();
    if (code >= 0xD800 && code < 0xDC00) {  // the high half of a surrogate pair
      if (!accept("\\u")) error("expected the low half of a surrogate pair");
      const unsigned low = four_digits();
      if (low < 0xDC00 || low > 0xDFFF) error("expected the low half of a surrogate pair");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code <= 0xDFFF) {
      error("expected the high half of a surrogate pair before the low half");
    }
    append_utf8(out, code);
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t position_;
};

Json Json::parse(std::string_view text, const std::string& name) { return JsonParser(text, name).document(); }

void Json::expect(Kind kind) const {
  static const char* const names[] = {"null",     "true or false", "a number",
                                      "a string", "an array",      "an object"};
  check(kind_ == kind, "json", "expected ", names[static_cast<int>(kind)], ", got ",
        names[static_cast<int>(kind_)]);
}

bool Json::boolean() const {
  expect(Kind::boolean);
  return boolean_;
}

const std::string& Json::string() const {
  expect(Kind::string);
  return text_;
}

const std::vector<Json>& Json::array() const {
  expect(Kind::array);
  return items_;
}

const Json::Members& Json::object() const {
  expect(Kind::object);
  return members_;
}

double Json::number() const {
  expect(Kind::number);
  double value = 0;
  const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
  check(error == std::errc(), "json", "expected a number in the range of double, got ", text_);
  return value;
}

std::int64_t Json::integer() const {
  expect(Kind::number);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
  check(error == std::errc() && end == text_.data() + text_.size(), "json",
        "expected an integer that fits 64 bits, got ", text_);
  return value;
}

const Json* Json::find(std::string_view member) const {
  for (const auto& [name, value] : object())
    if (name == member) return &value;
  return nullptr;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::ostream& operator<<(std::ostream& out, const Quoted& quoted) { return out << json_string(quoted.text); }

}  // namespace heed::data
