#include "data/text/lines.h"

#include "tests/data/text/testing.h"

namespace heed::data {
namespace {

Strings lines(const std::string& text) {
  const auto views = lines_of(text);
  return {views.begin(), views.end()};
}

TEST(Lines, EndInLfCrLfOrCr) {
  const Strings three{"a", "", "b c"};
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    EXPECT_EQ(lines("a" + end + end + "b c" + end), three);
    EXPECT_EQ(lines("a" + end + end + "b c"), three) << "the last line may lack its ending";
  }
  EXPECT_EQ(lines("a\r\nb\rc\nd"), (Strings{"a", "b", "c", "d"})) << "mixed line endings";
  EXPECT_EQ(lines("a\n\rb"), (Strings{"a", "", "b"})) << "LF CR is two line endings";
  EXPECT_EQ(lines(""), Strings{});
  EXPECT_EQ(lines("\r"), (Strings{""}));
  EXPECT_EQ(lines(std::string("a\0b\r", 4)), (Strings{std::string("a\0b", 3)}));
}

TEST(Lines, LineEndingLength) {
  EXPECT_EQ(line_ending_length("a\r\nb", 1), 2u);
  EXPECT_EQ(line_ending_length("a\r\nb", 2), 1u);
  EXPECT_EQ(line_ending_length("a\r", 1), 1u);
  EXPECT_EQ(line_ending_length("a\r", 0), 0u);
  EXPECT_EQ(line_ending_length("a\r", 2), 0u) << "the end of the text is not a line ending";
}

TEST(Lines, StartAfterAByteOrderMark) {
  EXPECT_EQ(lines("\xEF\xBB\xBF"
                  "a\nb"),
            (Strings{"a", "b"}));
  EXPECT_EQ(lines("a\n\xEF\xBB\xBF"
                  "b"),
            (Strings{"a",
                     "\xEF\xBB\xBF"
                     "b"}))
      << "only at the start of the text";
  EXPECT_EQ(lines("\xEF\xBB\xBF"), Strings{});
  EXPECT_EQ(lines("\xEF\xBB"), (Strings{"\xEF\xBB"}));
}

TEST(Lines, UnixLineEndings) {
  EXPECT_EQ(with_unix_line_endings("a\r\n\rb\nc\r"), "a\n\nb\nc\n");
  EXPECT_EQ(with_unix_line_endings("한 글"), "한 글");
}

}  // namespace
}  // namespace heed::data
