#include "lessons/site/annotate.h"

#include <gtest/gtest.h>

using namespace heed::book;

namespace {

// The text that a browser sees in the right column.
std::string code_text(const std::string& html) {
  std::string text;
  const std::string open = "<pre class=\"code\"";
  for (std::size_t row = html.find(open); row != std::string::npos; row = html.find(open, row + 1)) {
    const std::size_t end = html.find("</code></pre>", row);
    for (std::size_t i = html.find("<code>", row); i < end; ++i) {
      if (html[i] == '<')
        i = html.find('>', i);
      else
        text += html[i];
    }
  }
  for (const auto& [from, to] : {std::pair{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&amp;", "&"}})
    text = replace_all(text, from, to);
  return text;
}

TEST(Annotate, ACommentBlockBeginsARow) {
  const auto rows = rows_of("// a\n// b\nint x;  // c\n\n  // d\nint y;\n", Language::cpp);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].comment, "// a\n// b\n");
  EXPECT_EQ(rows[0].code, "int x;  // c\n\n");
  EXPECT_EQ(rows[1].comment, "  // d\n");
  EXPECT_EQ(rows[1].line, 5);
}

TEST(Annotate, TextInsideAStringIsCode) {
  EXPECT_EQ(rows_of("x = R\"(\n// a\n)\";\n", Language::cpp).size(), 1u);
}

TEST(Annotate, CommentsBecomeParagraphsAndIndentedBlocks) {
  std::vector<Section> sections;
  const Row row{"// Two `lines`\n// joined.\n//\n//   y = x\n// - item\n//   more\n", "", 1};
  EXPECT_EQ(comment_html(row, Language::cpp, sections),
            "<p>Two <code>lines</code>\njoined.</p>\n<pre>  y = x</pre>\n<p class=\"item\">- item</p>\n<p>  "
            "more</p>\n");
}

TEST(Annotate, NamesOfTheCodeBesideACommentAreCode) {
  std::vector<Section> sections;
  const Row row{"// max(a) of NoGrad in is_long for a.h and PyTorch.\n", "NoGrad max(int a, bool is_long);\n",
                1};
  EXPECT_EQ(
      comment_html(row, Language::cpp, sections),
      "<p><code>max</code>(a) of <code>NoGrad</code> in <code>is_long</code> for a.h and PyTorch.</p>\n");
}

TEST(Annotate, DividersAreHeadings) {
  const auto page = render_source("// ---- the fused op -----\nint x;\n", Language::cpp);
  EXPECT_NE(page.html.find("<h2 id=\"the-fused-op-1\">the fused op</h2>"), std::string::npos);
  EXPECT_EQ(page.sections.back().title, "the fused op");
}

TEST(Annotate, ASummaryOmitsTheName) {
  EXPECT_EQ(summary_of("// graph.h — records ops\n// in a graph.\n//\n// More.\n", Language::cpp),
            "records ops in a graph.");
}

TEST(Annotate, TheRightColumnOfEverySourceIsTheSource) {
  for (const char* folder : {"autograd", "nn", "optim", "data", "lessons"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(HEED_SOURCE_DIR) / folder)) {
      const std::string extension = entry.path().extension().string();
      const Language language = extension.empty() ? Language::plain : language_of(extension.substr(1));
      if (!entry.is_regular_file() || language == Language::plain) continue;
      const std::string source = read_file(entry.path());
      std::string joined;
      for (const Row& row : rows_of(source, language)) joined += row.comment + row.code;
      EXPECT_EQ(joined, source) << entry.path();
      EXPECT_EQ(code_text(render_source(source, language).html), source) << entry.path();
    }
  }
}

TEST(Annotate, KeepsATextWithoutAFinalLineBreak) {
  EXPECT_EQ(code_text(render_source("int x;\n// end", Language::cpp).html), "int x;\n// end");
  EXPECT_EQ(code_text(render_source("", Language::cpp).html), "");
}

}  // namespace
