// json.h — a strict parser of JSON (RFC 8259), for the headers and configuration files of published weights.
#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heed::data {

class Json {
 public:
  enum class Kind { null, boolean, number, string, array, object };
  using Members = std::vector<std::pair<std::string, Json>>;  // in the order of the text

  // Parses `text`, which may start with a byte order mark. Throws "[json] NAME: byte 17: …" for
  // invalid JSON, two members with the same name, invalid UTF-8, or more than 64 levels of nesting.
  static Json parse(std::string_view text, const std::string& name);

  Kind kind() const { return kind_; }
  bool is(Kind kind) const { return kind_ == kind; }
  // Return the value. Throw "[json] expected a number, …" for another kind. integer() also throws
  // for fractions and for integers that do not fit 64 bits.
  bool boolean() const;
  double number() const;
  std::int64_t integer() const;
  const std::string& string() const;
  const std::vector<Json>& array() const;
  const Members& object() const;
  const Json* find(std::string_view member) const;  // null without such a member

 private:
  friend class JsonParser;
  void expect(Kind kind) const;
  Kind kind_ = Kind::null;
  bool boolean_ = false;
  std::string text_;  // the string, or the number as it is written in the text
  std::vector<Json> items_;
  Members members_;
};

// Returns `text` as a JSON string, including the quotes.
std::string json_string(std::string_view text);

// Prints as json_string(text). check() formats its arguments only if it fails, so error messages
// use Quoted{name} instead of json_string(name).
struct Quoted {
  std::string_view text;
};
std::ostream& operator<<(std::ostream& out, const Quoted& quoted);

}  // namespace heed::data
