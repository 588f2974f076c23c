// The small parts: text, hash, figures, search terms, paths, links.
#include <gtest/gtest.h>

#include "lessons/site/figure.h"
#include "lessons/site/link_check.h"
#include "lessons/site/page.h"
#include "lessons/site/repository.h"
#include "lessons/site/search_index.h"
#include "lessons/site/sha256.h"

using namespace heed::book;

namespace {

using Texts = std::vector<std::string>;

TEST(BookText, AnchorsAreThoseOfGitHub) {
  EXPECT_EQ(anchor_of("How to add a kernel"), "how-to-add-a-kernel");
  EXPECT_EQ(anchor_of("02 · Scaled dot-product (√d_k)"), "02--scaled-dot-product-d_k");
  EXPECT_EQ(anchor_of("학습 목표"), "학습-목표");
}

TEST(BookText, UrlsAreRelative) {
  EXPECT_EQ(relative_url("index.html", "nn/a.html"), "nn/a.html");
  EXPECT_EQ(relative_url("lessons/a/index.html", "nn/b.html"), "../../nn/b.html");
  EXPECT_EQ(relative_url("lessons/a/index.html", "lessons/a/c.html"), "c.html");
}

TEST(Sha256, EqualsPublishedValues) {
  EXPECT_EQ(sha256_source(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  EXPECT_EQ(sha256_source("abc"), "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
  const auto hash = sha256(std::string(1000000, 'a'));
  EXPECT_EQ(hash[0], 0xcd);
  EXPECT_EQ(hash[31], 0xd0);
}

TEST(Figure, IdsGetAPrefix) {
  EXPECT_EQ(inline_svg("<?xml?>\n<svg id=\"a\"><use href=\"#a\"/><rect fill=\"url(#a)\"/></svg>\n", "f1-",
                       {"f", 1}),
            "<svg id=\"f1-a\"><use href=\"#f1-a\"/><rect fill=\"url(#f1-a)\"/></svg>");
}

TEST(Figure, AStyleSheetAppliesToItsFigureOnly) {
  EXPECT_EQ(scoped_style(".a{fill:red}.b,.c{x:y}", ".f"), ".f .a{fill:red}\n.f .b,.f .c{x:y}\n");
  EXPECT_EQ(scoped_style("@media (prefers-color-scheme:dark){.a{x:y}}", ".f"),
            "@media (prefers-color-scheme:dark){\n:root:not([data-theme=\"light\"]) .f .a{x:y}\n}\n"
            ":root[data-theme=\"dark\"] .f .a{x:y}\n");
  EXPECT_EQ(inline_svg("<svg><style>.a{x:y}</style></svg>", "f1-", {"f", 1}),
            "<svg><style>\n.f1-figure .a{x:y}\n</style></svg>");
}

TEST(Figure, RejectsOtherContent) {
  EXPECT_THROW(inline_svg("text", "", {"f", 1}), BookError);
  EXPECT_THROW(inline_svg("<svg><script>x</script></svg>", "", {"f", 1}), BookError);
  EXPECT_THROW(inline_svg("<svg><a href=\"https://a\"/></svg>", "", {"f", 1}), BookError);
}

TEST(SearchIndex, StemsEnglishLightly) {
  for (const auto& [word, expected] : std::vector<std::pair<std::string, std::string>>{{"queries", "query"},
                                                                                       {"query", "query"},
                                                                                       {"masking", "mask"},
                                                                                       {"masked", "mask"},
                                                                                       {"scaled", "scal"},
                                                                                       {"scale", "scal"},
                                                                                       {"classes", "class"},
                                                                                       {"class", "class"},
                                                                                       {"bias", "bia"},
                                                                                       {"dropped", "drop"}})
    EXPECT_EQ(stem(word), expected) << word;
}

TEST(SearchIndex, TermsAreWordsAndPairsOfSyllables) {
  EXPECT_EQ(search_terms("Attention 가중치"), (Texts{"attention", "가중", "중치"}));
  EXPECT_EQ(search_terms("쿼리(query)와 값"), (Texts{"쿼리", "query", "와", "값"}));
  EXPECT_EQ(search_terms("d_k"), (Texts{"d", "k"}));
}

TEST(SearchIndex, IsJson) {
  SearchIndex index;
  index.add("a.html", "A \"b\"", {{2, "Masks", "masks", "</script>\nmask"}});
  EXPECT_EQ(index.json(),
            "{\"pages\":[[\"a.html\",\"A "
            "\\\"b\\\"\"]],\n\"sections\":[[0,\"masks\",\"Masks\",\"\\u003c/script> mask\"]],\n"
            "\"terms\":{\"mask\":[2],\n\"script\":[1]}}");
}

TEST(Repository, PagesOfFiles) {
  EXPECT_EQ(page_of("README.md", false), "readme.html");
  EXPECT_EQ(page_of("nn/README.md", false), "nn/index.html");
  EXPECT_EQ(page_of("nn", true), "nn/index.html");
  EXPECT_EQ(page_of("lessons/glossary.md", false), "lessons/glossary.html");
  EXPECT_EQ(page_of("nn/rnn.h", false), "nn/rnn.h.html");
  EXPECT_EQ(page_of(".github/CONTRIBUTING.md", false), "github/CONTRIBUTING.html");
}

TEST(Repository, ALinkToAMissingFileIsAnError) {
  const Repository files(HEED_SOURCE_DIR);
  EXPECT_EQ(resolve(files, "../README.md#speed", {"lessons/README.md", 4}).path, "README.md");
  EXPECT_EQ(resolve(files, "#a", {"lessons/README.md", 4}).path, "lessons/README.md");
  try {
    resolve(files, "missing.md", {"lessons/README.md", 4});
    FAIL();
  } catch (const BookError& error) {
    EXPECT_STREQ(error.what(),
                 "lessons/README.md:4: the link leads to lessons/missing.md, which does not exist");
  }
  EXPECT_THROW(resolve(files, "/etc/passwd", {"a", 1}), BookError);
  EXPECT_THROW(resolve(files, "../../x", {"a", 1}), BookError);
}

TEST(Page, ThePolicyNamesEachScript) {
  EXPECT_EQ(policy_for({}).find("script-src 'none'"), policy_for({}).size() - 17);
  EXPECT_NE(policy_for({"abc"}).find("script-src 'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='"),
            std::string::npos);
  EXPECT_TRUE(policy_for({}).starts_with("default-src 'none'"));
}

TEST(Page, PreviousAndNextFollowTheContents) {
  const Frame frame(std::string(HEED_SOURCE_DIR) + "/lessons/site/assets",
                    {{"One", {{"a.html", "A", {}}, {"b/b.html", "B", {}}}}, {"Two", {{"c.html", "C", {}}}}});
  const std::string html = frame.html({"b/b.html", "B", "<p>text</p>", {}, false, {}, ""});
  EXPECT_NE(html.find("rel=\"prev\" href=\"../a.html\""), std::string::npos);
  EXPECT_NE(html.find("rel=\"next\" href=\"../c.html\""), std::string::npos);
  EXPECT_NE(html.find("aria-current=\"page\">B</a>"), std::string::npos);
}

TEST(LinkCheck, FindsMissingPagesAnchorsAndDoubleIds) {
  EXPECT_EQ(link_errors({{"a.html", "<a id=\"x\" href=\"b/c.html#y\">"},
                         {"b/c.html", "<p id=\"y\"><a href=\"../a.html\">"}}),
            Texts{});
  EXPECT_EQ(link_errors({{"a.html", "<a href=\"b.html\">"}}),
            Texts{"a.html: the link b.html leads to no page"});
  EXPECT_EQ(link_errors({{"a.html", "<a href=\"#x\">"}}),
            Texts{"a.html: the link #x leads to an anchor that does not exist"});
  EXPECT_EQ(link_errors({{"a.html", "<p id=\"x\"><p id=\"x\">"}}), Texts{"a.html: the id x occurs twice"});
}

}  // namespace
