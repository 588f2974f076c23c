#include "data/json.h"

#include "tests/testing.h"

namespace heed::data {
namespace {

Json parse(std::string_view text) { return Json::parse(text, "t"); }

TEST(Json, ReadsEveryKindOfValue) {
  const Json j = parse(
      R"( {"a": [1, -2.5e3, 0], "b": {"c": true, "d": null}, "e": "x\n\u00e9\ud83d\ude00", "f": false} )");
  EXPECT_EQ(j.find("a")->array()[0].integer(), 1);
  EXPECT_EQ(j.find("a")->array()[1].number(), -2500);
  EXPECT_TRUE(j.find("b")->find("c")->boolean());
  EXPECT_TRUE(j.find("b")->find("d")->is(Json::Kind::null));
  EXPECT_EQ(j.find("e")->string(), "x\n\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_FALSE(j.find("f")->boolean());
  EXPECT_EQ(j.find("nowhere"), nullptr);
  EXPECT_EQ(j.object()[1].first, "b") << "members keep their order";
  EXPECT_TRUE(parse("[]").array().empty());
  EXPECT_TRUE(parse("{}").object().empty());
}

TEST(Json, SkipsAByteOrderMark) {
  EXPECT_EQ(parse("\xEF\xBB\xBF [7]").array()[0].integer(), 7);
  EXPECT_EQ(error_of([] { parse("\xEF\xBB\xBF\xEF\xBB\xBF{}"); }), "[json] t: byte 3: expected a value");
  EXPECT_EQ(error_of([] { parse("\xEF\xBB\xBF"); }),
            "[json] t: byte 3: expected a value, got the end of the text");
}

TEST(Json, RejectsInvalidJsonWithThePosition) {
  const std::vector<std::pair<std::string, std::string>> broken = {
      {"", "byte 0: expected a value, got the end of the text"},
      {"{", "byte 1: expected '\"', got the end of the text"},
      {"{\"a\" 1}", "byte 5: expected ':'"},
      {"{\"a\":1,}", "byte 7: expected '\"'"},
      {"[1,]", "byte 3: expected a value"},
      {"[1 2]", "byte 3: expected ']'"},
      {"01", "byte 1: expected the end of the text after the value"},
      {"1.", "byte 2: expected a digit after the decimal point"},
      {"1e", "byte 2: expected a digit in the exponent"},
      {"+1", "byte 0: expected a value"},
      {"nul", "byte 0: expected a value"},
      {"\"a", "byte 2: expected '\"' at the end of the string"},
      {"\"\n\"", "byte 1: a control character in a string must be escaped"},
      {"\"\\x\"", "byte 2: expected 'u'"},
      {"\"\\u12g4\"", "byte 3: expected four hexadecimal digits"},
      {"\"\\ud800\"", "byte 7: expected the low half of a surrogate pair"},
      {"\"\\udc00\"", "byte 7: expected the high half of a surrogate pair before the low half"},
      {"\"\xC0\xAF\"", "byte 1: expected UTF-8"},
      {"\"\xED\xA0\x80\"", "byte 1: expected UTF-8"},
      {"{\"a\":1,\"a\":2}", "byte 7: expected unique names, got \"a\" twice"},
      {"1 x", "byte 2: expected the end of the text after the value"},
  };
  for (const auto& [text, message] : broken)
    EXPECT_EQ(error_of([&text = text] { parse(text); }), "[json] t: " + message) << text;
  EXPECT_EQ(error_of([] { parse(std::string(100'000, '[')); }),
            "[json] t: byte 65: nested more than 64 levels deep");
  EXPECT_NO_THROW(parse(std::string(64, '[') + std::string(64, ']')));
}

TEST(Json, AccessAsAnotherKindThrows) {
  EXPECT_EQ(error_of([] { (void)parse("1").string(); }), "[json] expected a string, got a number");
  EXPECT_EQ(error_of([] { (void)parse("1.5").integer(); }),
            "[json] expected an integer that fits 64 bits, got 1.5");
  EXPECT_EQ(error_of([] { (void)parse("9223372036854775808").integer(); }),
            "[json] expected an integer that fits 64 bits, got 9223372036854775808");
  EXPECT_EQ(error_of([] { (void)parse("1e999").number(); }),
            "[json] expected a number in the range of double, got 1e999");
}

TEST(Json, AStringIsUnchangedByARoundTrip) {
  std::string all;
  for (int c = 0; c < 128; ++c) all += static_cast<char>(c);
  all += "\xC3\xA9\xEA\xB0\x80";
  EXPECT_EQ(parse(json_string(all)).string(), all);
}

}  // namespace
}  // namespace heed::data
