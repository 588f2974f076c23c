#include "lessons/runner/text.h"

#include "lessons/runner/diff.h"
#include "tests/testing.h"

namespace heed::runner {
namespace {

TEST(Text, WrapsWordsAndKeepsCode) {
  EXPECT_EQ(wrapped("a bb ccc dddd", 6), "a bb\nccc\ndddd\n");
  EXPECT_EQ(wrapped("one two three", 9, 2), "one two\n  three\n");
  EXPECT_EQ(wrapped("a\n\n```\n  code   here that is long\n```\nb", 6),
            "a\n\n  code   here that is long\nb\n");
  EXPECT_EQ(wrapped("가나 다라", 5), "가나\n다라\n") << "Hangul is two columns wide";
  EXPECT_EQ(wrapped("", 10), "");
}

TEST(Text, LinesEndInLfCrLfOrCr) {
  for (const std::string end : {"\n", "\r\n", "\r"})
    EXPECT_EQ(lines_of("a" + end + end + "b" + end), (std::vector<std::string>{"a", "", "b"}));
}

TEST(Text, ShortensToColumnsAndMarksTheCut) {
  EXPECT_EQ(shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(shortened("abcdefg", 6), "abcde…");
  EXPECT_EQ(shortened("가나다라", 6), "가나…");
}

TEST(Text, ReplacesControlCharactersAndInvalidUtf8) {
  EXPECT_EQ(printable("a\x1b[31mb\r\n\t\x7f\xff가"), "a?[31mb\n\t??가");
}

TEST(Text, SplitsAtSeparatorsAndJoins) {
  EXPECT_EQ(split("a · b c·", "·"), (std::vector<std::string>{"a", "b c", ""}));
  EXPECT_EQ(split("", ","), std::vector<std::string>{""});
  EXPECT_EQ(joined({"a", "b"}, ", "), "a, b");
}

TEST(Text, FindsTheMostSimilarName) {
  const std::vector<std::string> names = {"02_softmax_rows", "02_sdpa", "04_merge_heads"};
  EXPECT_EQ(nearest("spda", names), "02_sdpa");
  EXPECT_EQ(nearest("04_merge_head", names), "04_merge_heads");
  EXPECT_EQ(nearest("softmaxrows", names), "02_softmax_rows");
  EXPECT_EQ(nearest("quite another word", names), "");
}

std::string marked(const std::string& a, const std::string& b) {
  std::string text;
  for (const DiffLine& line : diff(a, b)) text += line.side + line.text + "\n";
  return text;
}

TEST(Diff, KeepsCommonLines) {
  EXPECT_EQ(marked("a\nb\nc\n", "a\nx\nc\n"), " a\n-b\n+x\n c\n");
  EXPECT_EQ(marked("a\n", "a\n"), " a\n");
  EXPECT_EQ(marked("", "a\nb\n"), "+a\n+b\n");
  EXPECT_EQ(marked("a\nb\n", ""), "-a\n-b\n");
  EXPECT_EQ(marked("a\nb\nc\nd\n", "b\nd\ne\n"), "-a\n b\n-c\n d\n+e\n");
}

}  // namespace
}  // namespace heed::runner
