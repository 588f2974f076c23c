#include "lessons/site/inline.h"

#include <gtest/gtest.h>

using namespace heed::book;

namespace {

Hooks plain_hooks() {
  Hooks hooks;
  hooks.link = [](const std::string& link, const Location&) { return "to/" + link; };
  hooks.image = [](const std::string& target, const std::string& alt, const Location&) {
    return "[" + target + ": " + alt + "]";
  };
  hooks.origin = [](const Block& code, const Location&) { return "<a>" + code.path + "</a>"; };
  hooks.reference = [](std::string_view code) { return code == "02_sdpa" ? "exercise" : ""; };
  return hooks;
}

std::string html_of(const std::string& text) { return render_inline(text, {"page.md", 7}, plain_hooks()); }

std::string error_of(const std::string& text) {
  try {
    html_of(text);
  } catch (const BookError& error) {
    return error.what();
  }
  return "none";
}

TEST(Inline, RendersEmphasisCodeAndEscapes) {
  EXPECT_EQ(html_of("**a** *b* `<c>` & \\* 2 * 3"),
            "<strong>a</strong> <em>b</em> <code>&lt;c&gt;</code> &amp; * 2 * 3");
  EXPECT_EQ(html_of("``a ` b``"), "<code>a ` b</code>");
}

TEST(Inline, RendersLinksAndImages) {
  EXPECT_EQ(html_of("[a `b`](c.md)"), "<a href=\"to/c.md\">a <code>b</code></a>");
  EXPECT_EQ(html_of("![what *it* shows](f.svg)"), "[f.svg: what it shows]");
  EXPECT_EQ(html_of("q = [0, 2]"), "q = [0, 2]");
  EXPECT_EQ(html_of("`02_sdpa`"), "<a href=\"exercise\"><code>02_sdpa</code></a>");
  EXPECT_EQ(html_of("[`02_sdpa`](x)"), "<a href=\"to/x\"><code>02_sdpa</code></a>");
}

TEST(Inline, RendersFormulas) { EXPECT_EQ(html_of("$x$"), "<math><mrow><mi>x</mi></mrow></math>"); }

TEST(Inline, ErrorsNameTheLine) {
  EXPECT_EQ(error_of("a\n**b"), "page.md:8: ** is not closed");
  EXPECT_EQ(error_of("`b"), "page.md:7: the code span is not closed with `");
  EXPECT_EQ(error_of("[a](b"), "page.md:7: the link is not closed with )");
  EXPECT_EQ(error_of("<i>a</i>"), "page.md:7: unsupported HTML; write \\< for the character");
  EXPECT_EQ(error_of("5 $ each"), "page.md:7: expected $formula$; write \\$ for the character");
  EXPECT_EQ(error_of("$\\foo$"), "page.md:7: in the formula \\foo: unknown command \\foo");
}

TEST(Inline, PagesHaveAnchorsAndSections) {
  const auto page =
      render_markdown(parse_markdown("# A · b\n\ntext\n\n## C\n\n## C\n", "p"), "p", plain_hooks());
  EXPECT_EQ(page.title, "A · b");
  ASSERT_EQ(page.sections.size(), 3u);
  EXPECT_EQ(page.sections[0].anchor, "a--b");
  EXPECT_EQ(page.sections[0].text, "text\n");
  EXPECT_EQ(page.sections[2].anchor, "c-1");
}

TEST(Inline, TheRowsOfALongTableAreSections) {
  std::string table = "| term | meaning |\n|---|---|\n";
  for (int i = 0; i < 40; ++i) table += "| term " + std::to_string(i) + " | x |\n";
  const auto page = render_markdown(parse_markdown("# A\n\n" + table, "p"), "p", plain_hooks());
  ASSERT_EQ(page.sections.size(), 41u);
  EXPECT_EQ(page.sections[1].anchor, "term-0");
  EXPECT_EQ(page.sections[1].text, "term 0\nx\n");
}

TEST(Inline, ExcerptsLoseTheirCommonIndentation) {
  const auto page =
      render_markdown(parse_markdown("```text a.txt\n    a\n\n      b\n```\n", "p"), "p", plain_hooks());
  EXPECT_NE(page.html.find("<code>a\n\n  b\n</code>"), std::string::npos) << page.html;
}

TEST(Inline, LongNamesInACellMayBeBroken) {
  const auto page = render_markdown(parse_markdown("| `a_b::c` a_b |\n|---|\n", "p"), "p", plain_hooks());
  EXPECT_NE(page.html.find("<code>a_<wbr>b::<wbr>c</code> a_b"), std::string::npos) << page.html;
}

TEST(Inline, VerdictsAreBadges) {
  EXPECT_EQ(verdict_badge("does not hold"), "<span class=\"badge fails\">does not hold</span>");
  EXPECT_EQ(verdict_badge("holds for 3 of 5 seeds"),
            "<span class=\"badge varies\">holds for 3 of 5 seeds</span>");
  EXPECT_EQ(verdict_badge("it holds"), "");
}

TEST(Inline, PlainTextHasNoMarkup) {
  EXPECT_EQ(plain_text("**a** [`b_c`](d) <code>e</code> [0, 1]"), "a b_c e [0, 1]");
}

}  // namespace
