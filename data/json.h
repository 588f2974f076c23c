// json.h — JSON, as strictly as RFC 8259 writes it, for the headers and settings that come with weights.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heed::data {

class Json {
 public:
  enum class Kind { null, boolean, number, string, array, object };
  using Members = std::vector<std::pair<std::string, Json>>;  // in the order of the text

  // The whole of `text`; a byte order mark before it is skipped. Throws "[json] NAME: byte 17: …" for
  // what is no JSON, a name that stands twice in an object, invalid UTF-8, or more than 64 levels of
  // nesting.
  static Json parse(std::string_view text, const std::string& name);

  Kind kind() const { return kind_; }
  bool is(Kind kind) const { return kind_ == kind; }
  // The value; throws "[json] expected a number, …" for another kind. An integer must be whole and fit.
  bool boolean() const;
  double number() const;
  std::int64_t integer() const;
  const std::string& string() const;
  const std::vector<Json>& array() const;
  const Members& object() const;
  const Json* find(std::string_view member) const;  // null where there is none

 private:
  friend class JsonParser;
  void expect(Kind kind) const;
  Kind kind_ = Kind::null;
  bool boolean_ = false;
  std::string text_;  // of a string; of a number as it was written
  std::vector<Json> items_;
  Members members_;
};

// `text` as a JSON string, with its quotes.
std::string json_string(std::string_view text);

}  // namespace heed::data
