#include "lessons/site/markdown.h"

#include <gtest/gtest.h>

using namespace heed::book;

namespace {

using Kind = Block::Kind;

std::string error_of(const std::string& text) {
  try {
    parse_markdown(text, "page.md");
  } catch (const BookError& error) {
    return error.what();
  }
  return "none";
}

TEST(Markdown, FindsTheBlocks) {
  const auto blocks =
      parse_markdown("# Title\n\nTwo\nlines.\n\n```cpp a/b.h\nint x;\n```\n---\n> quoted\n$$x^2$$\n", "p");
  ASSERT_EQ(blocks.size(), 6u);
  EXPECT_EQ(blocks[0].kind, Kind::heading);
  EXPECT_EQ(blocks[0].text, "Title");
  EXPECT_EQ(blocks[1].text, "Two\nlines.");
  EXPECT_EQ(blocks[2].kind, Kind::code);
  EXPECT_EQ(blocks[2].language, "cpp");
  EXPECT_EQ(blocks[2].path, "a/b.h");
  EXPECT_EQ(blocks[2].text, "int x;\n");
  EXPECT_EQ(blocks[2].line, 6);
  EXPECT_EQ(blocks[3].kind, Kind::rule);
  EXPECT_EQ(blocks[4].items[0][0].text, "quoted");
  EXPECT_EQ(blocks[5].text, "x^2");
}

TEST(Markdown, ListsMayContainBlocksAndLists) {
  const auto blocks =
      parse_markdown("- one\n  more\n  - inner\n- two\n\n  ```\n  code\n  ```\n\n1. first\n2. second\n", "p");
  ASSERT_EQ(blocks.size(), 2u);
  ASSERT_EQ(blocks[0].items.size(), 2u);
  EXPECT_FALSE(blocks[0].loose);
  EXPECT_EQ(blocks[0].items[0][0].text, "one\nmore");
  EXPECT_EQ(blocks[0].items[0][1].items[0][0].text, "inner");
  EXPECT_EQ(blocks[0].items[1][1].text, "code\n");
  EXPECT_TRUE(blocks[1].ordered);
  EXPECT_EQ(blocks[1].items[1][0].text, "second");
}

TEST(Markdown, TablesHaveAHeadAndAlignments) {
  const auto blocks = parse_markdown("| a | b |\n|---|--:|\n| `x|y` | 1 \\| 2 |\n", "p");
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks[0].rows[1], (std::vector<std::string>{"`x|y`", "1 | 2"}));
  EXPECT_EQ(blocks[0].alignment, (std::vector<std::string>{"", "right"}));
}

TEST(Markdown, ALineOfAParagraphMayBeginWithABar) {
  const auto blocks = parse_markdown("the norm\n|g| grows\n", "p");
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks[0].kind, Kind::paragraph);
}

TEST(Markdown, BoxesContainBlocks) {
  const auto blocks = parse_markdown("<details><summary>Why</summary>\n\nBecause.\n\n</details>\n", "p");
  EXPECT_EQ(blocks[0].text, "Why");
  EXPECT_EQ(blocks[0].items[0][0].text, "Because.");
}

TEST(Markdown, SkipsComments) { EXPECT_TRUE(parse_markdown("<!-- a\nb -->\n", "p").empty()); }

TEST(Markdown, ErrorsNameTheFileAndTheLine) {
  EXPECT_EQ(error_of("\n```\ncode\n"), "page.md:2: the code is not closed with ```");
  EXPECT_EQ(error_of("<details><summary>a</summary>\n\nb\n"),
            "page.md:1: the box is not closed with </details>");
  EXPECT_EQ(error_of("<details>\n"), "page.md:1: expected <details><summary>…</summary> on one line");
  EXPECT_EQ(error_of("| a | b |\n|---|---|\n| 1 |\n"),
            "page.md:3: expected 2 cells as in the head of the table, got 1");
  EXPECT_EQ(error_of("| a |\n"), "page.md:1: expected a line such as |---|---| below the head of the table");
  EXPECT_EQ(error_of("| `a |\n|---|\n"), "page.md:1: a ` is missing in the table row");
  EXPECT_EQ(error_of("<div>\n"),
            "page.md:1: unsupported HTML: <div>; only <details> with a <summary> is supported");
  EXPECT_EQ(error_of("$$\nx\n"), "page.md:1: the formula is not closed with $$");
  EXPECT_EQ(error_of("<!-- a\n"), "page.md:1: the comment is not closed with -->");
  EXPECT_EQ(error_of("    code\n"), "page.md:1: unsupported: code by indentation; use ```");
}

}  // namespace
