#include "data/utf8.h"

#include "tests/data/text/testing.h"

namespace heed::data {
namespace {

TEST(Utf8, InvalidBytesAreReplacedLikeInPython) {
  for (const Json& c : text_cases().find("broken")->array()) {
    std::string bytes;
    for (const Json& b : c.find("bytes")->array()) bytes += static_cast<char>(b.integer());
    EXPECT_EQ(to_utf8(code_points(bytes, InvalidUtf8::replace)), c.find("replaced")->string());
  }
}

TEST(Utf8, EveryCodePointIsEncodedAndDecoded) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, c);
    const Character back = decode_utf8(text, 0);
    ASSERT_TRUE(back.valid && back.code == c && back.length == text.size()) << static_cast<unsigned>(c);
  }
}

TEST(Utf8, InvalidBytesAreRejectedWithTheirPosition) {
  EXPECT_EQ(error_of([] { code_points("ab\xC0\xAF", InvalidUtf8::reject, "x.txt"); }),
            "[utf8] x.txt: byte 2: expected UTF-8, got 0xC0. Hint: InvalidUtf8::replace substitutes U+FFFD");
  EXPECT_EQ(
      error_of([] { code_points("한\xED\x95"); }),
      "[utf8] the text: byte 3: expected UTF-8, got 0xED. Hint: InvalidUtf8::replace substitutes U+FFFD");
}

TEST(Utf8, SequenceLengthIsZeroForInvalidBytes) {
  EXPECT_EQ(utf8_sequence_length("aé한🙂", 0), 1u);
  EXPECT_EQ(utf8_sequence_length("aé한🙂", 1), 2u);
  EXPECT_EQ(utf8_sequence_length("aé한🙂", 3), 3u);
  EXPECT_EQ(utf8_sequence_length("aé한🙂", 6), 4u);
  EXPECT_EQ(utf8_sequence_length("aé", 2), 0u) << "a continuation byte";
  EXPECT_EQ(utf8_sequence_length("\xE0\x80\x80", 0), 0u) << "an overlong form";
  EXPECT_EQ(utf8_sequence_length("\xED\xA0\x80", 0), 0u) << "a surrogate";
  EXPECT_EQ(utf8_sequence_length("\xF4\x90\x80\x80", 0), 0u) << "beyond U+10FFFF";
  EXPECT_EQ(utf8_sequence_length("a", 1), 0u) << "the end of the text";
}

TEST(Utf8, ByteOrderMarkLength) {
  EXPECT_EQ(byte_order_mark_length("\xEF\xBB\xBFx"), 3u);
  EXPECT_EQ(byte_order_mark_length("\xEF\xBB"), 0u);
  EXPECT_EQ(byte_order_mark_length("x\xEF\xBB\xBF"), 0u);
}

}  // namespace
}  // namespace heed::data
