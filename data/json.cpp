#include "data/json.h"

#include <charconv>
#include <cstdio>
#include <set>

#include "autograd/error.h"
#include "data/text/lines.h"
#include "data/text/unicode.h"

namespace heed::data {

class JsonParser {
 public:
  JsonParser(std::string_view text, const std::string& name)
      : text_(text), name_(name), at_(byte_order_mark(text)) {}

  Json whole() {
    Json value = this->value(0);
    space();
    if (at_ != text_.size()) wrong("the text goes on after its value");
    return value;
  }

 private:
  static constexpr int most_levels = 64;

  [[noreturn]] void wrong(const std::string& what) const { fail("json", name_, ": byte ", at_, ": ", what); }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void space() {
    while (at_ < text_.size() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')) ++at_;
  }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void need(char c) {
    if (!take(c)) wrong(concat("expected '", c, "'", at_ == text_.size() ? ", the text ends here" : ""));
  }
  bool word(std::string_view w) {
    if (text_.substr(at_, w.size()) != w) return false;
    at_ += w.size();
    return true;
  }

  Json value(int level) {
    if (level > most_levels) wrong(concat("nested more than ", most_levels, " levels deep"));
    space();
    Json json;
    if (peek() == '{') {
      json.kind_ = Json::Kind::object;
      object(json, level);
    } else if (peek() == '[') {
      json.kind_ = Json::Kind::array;
      array(json, level);
    } else if (peek() == '"') {
      json.kind_ = Json::Kind::string;
      json.text_ = string();
    } else if (word("true") || word("false")) {
      json.kind_ = Json::Kind::boolean;
      json.boolean_ = text_[at_ - 2] == 'u';  // tr-u-e
    } else if (word("null")) {
      json.kind_ = Json::Kind::null;
    } else {
      json.kind_ = Json::Kind::number;
      json.text_ = number();
    }
    return json;
  }

  void object(Json& json, int level) {
    need('{');
    space();
    if (take('}')) return;
    std::set<std::string> names;
    do {
      space();
      const std::size_t start = at_;
      std::string name = string();
      if (!names.insert(name).second) {
        at_ = start;
        wrong("the name " + json_string(name) + " stands twice");
      }
      space();
      need(':');
      json.members_.emplace_back(std::move(name), value(level + 1));
      space();
    } while (take(','));
    need('}');
  }

  void array(Json& json, int level) {
    need('[');
    space();
    if (take(']')) return;
    do {
      json.items_.push_back(value(level + 1));
      space();
    } while (take(','));
    need(']');
  }

  std::string number() {
    const std::size_t start = at_;
    const auto digits = [&] {
      const std::size_t before = at_;
      while (peek() >= '0' && peek() <= '9') ++at_;
      return at_ > before;
    };
    take('-');
    if (!take('0') && !digits())
      wrong(at_ == text_.size() ? "expected a value, the text ends here" : "expected a value");
    if (take('.') && !digits()) wrong("expected a digit after the point");
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!digits()) wrong("expected a digit in the exponent");
    }
    return std::string(text_.substr(start, at_ - start));
  }

  std::string string() {
    need('"');
    std::string out;
    while (!take('"')) {
      if (at_ >= text_.size()) wrong("a string without end");
      if (static_cast<unsigned char>(peek()) < 0x20) wrong("a control character in a string must be escaped");
      if (take('\\')) {
        escape(out);
        continue;
      }
      const std::size_t n = utf8_length(text_, at_);
      if (n == 0) wrong("this is not UTF-8");
      out += text_.substr(at_, n);
      at_ += n;
    }
    return out;
  }

  unsigned four_digits() {
    unsigned code = 0;
    const std::string_view digits = text_.substr(at_, 4);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (error != std::errc() || end != digits.data() + 4) wrong("expected four hexadecimal digits");
    at_ += 4;
    return code;
  }

  void escape(std::string& out) {
    static constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    const std::size_t i = at_ < text_.size() ? letters.find(peek()) : std::string_view::npos;
    if (i != std::string_view::npos) {
      ++at_;
      out += meanings[i];
      return;
    }
    need('u');
    unsigned code = four_digits();
    if (code >= 0xD800 && code < 0xDC00) {  // the first half of a pair
      if (!word("\\u")) wrong("half of a surrogate pair");
      const unsigned low = four_digits();
      if (low < 0xDC00 || low > 0xDFFF) wrong("half of a surrogate pair");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code <= 0xDFFF) {
      wrong("half of a surrogate pair");
    }
    append_utf8(out, code);
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_;
};

Json Json::parse(std::string_view text, const std::string& name) { return JsonParser(text, name).whole(); }

void Json::expect(Kind kind) const {
  static const char* const names[] = {"null",     "true or false", "a number",
                                      "a string", "an array",      "an object"};
  check(kind_ == kind, "json", "expected ", names[static_cast<int>(kind)], ", got ",
        names[static_cast<int>(kind_)]);
}
bool Json::boolean() const { return expect(Kind::boolean), boolean_; }
const std::string& Json::string() const { return expect(Kind::string), text_; }
const std::vector<Json>& Json::array() const { return expect(Kind::array), items_; }
const Json::Members& Json::object() const { return expect(Kind::object), members_; }

double Json::number() const {
  expect(Kind::number);
  double value = 0;
  const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
  check(error == std::errc(), "json", "the number ", text_, " is out of range");
  return value;
}

std::int64_t Json::integer() const {
  expect(Kind::number);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
  check(error == std::errc() && end == text_.data() + text_.size(), "json",
        "expected a whole number that fits 64 bits, got ", text_);
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

}  // namespace heed::data
