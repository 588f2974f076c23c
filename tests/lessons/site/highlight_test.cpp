#include "lessons/site/highlight.h"

#include <gtest/gtest.h>

#include "lessons/site/text.h"

using namespace heed::book;

namespace {

std::vector<std::string> texts(std::string_view source, Language language, TokenKind kind) {
  std::vector<std::string> found;
  for (const Token& token : highlight(source, language))
    if (token.kind == kind) found.emplace_back(token.text);
  return found;
}

using Texts = std::vector<std::string>;

TEST(Highlight, FindsTheTokensOfCpp) {
  const std::string_view source =
      "#include <a>\n// why\nconst Tensor y = f(1'000, 2e-3, \"a\\\"b\", 'c');  /* z */";
  EXPECT_EQ(texts(source, Language::cpp, TokenKind::preprocessor), Texts{"#include"});
  EXPECT_EQ(texts(source, Language::cpp, TokenKind::comment), (Texts{"// why", "/* z */"}));
  EXPECT_EQ(texts(source, Language::cpp, TokenKind::keyword), Texts{"const"});
  EXPECT_EQ(texts(source, Language::cpp, TokenKind::type), Texts{"Tensor"});
  EXPECT_EQ(texts(source, Language::cpp, TokenKind::function), Texts{"f"});
  EXPECT_EQ(texts(source, Language::cpp, TokenKind::number), (Texts{"1'000", "2e-3"}));
  EXPECT_EQ(texts(source, Language::cpp, TokenKind::string), (Texts{"\"a\\\"b\"", "'c'"}));
}

TEST(Highlight, ACommentInsideAStringIsNoComment) {
  EXPECT_TRUE(texts("f(\"// a\"); g(R\"x(\n// b)x\");", Language::cpp, TokenKind::comment).empty());
}

TEST(Highlight, FindsTheTokensOfScripts) {
  EXPECT_EQ(texts("if x; then # why\n", Language::shell, TokenKind::keyword), (Texts{"if", "then"}));
  EXPECT_EQ(texts("a=${#b} # why\n", Language::shell, TokenKind::comment), Texts{"# why"});
  EXPECT_EQ(texts("def f(x):", Language::python, TokenKind::keyword), Texts{"def"});
}

TEST(Highlight, AnUnfinishedLiteralOrCommentEndsWithTheText) {
  for (const std::string_view source : {"\"a", "'", "/* a", "R\"(a", "R\"", "1e", "\"a\\"})
    for (const Language language : {Language::cpp, Language::shell, Language::python, Language::plain}) {
      std::string joined;
      for (const Token& token : highlight(source, language)) joined += token.text;
      EXPECT_EQ(joined, source);
    }
}

TEST(Highlight, ATokenOfSeveralLinesHasAnElementPerLine) {
  EXPECT_EQ(highlight_html("/* a\n<b> */ x", Language::cpp),
            "<span class=\"c\">/* a</span>\n<span class=\"c\">&lt;b&gt; */</span> x");
}

TEST(Highlight, TheTokensOfEverySourceAreTheSource) {
  int count = 0;
  for (const char* folder : {"autograd", "nn", "optim", "data", "lessons", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(HEED_SOURCE_DIR) / folder)) {
      const std::string extension = entry.path().extension().string();
      const Language language = language_of(extension.empty() ? "sh" : extension.substr(1));
      if (!entry.is_regular_file() || language == Language::plain) continue;
      const std::string source = read_file(entry.path());
      std::string joined;
      for (const Token& token : highlight(source, language)) joined += token.text;
      EXPECT_EQ(joined, source) << entry.path();
      ++count;
    }
  }
  EXPECT_GT(count, 500);
}

}  // namespace
