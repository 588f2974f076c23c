// The whole book, made from this project.
#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "lessons/site/link_check.h"
#include "lessons/site/site.h"

using namespace heed::book;

namespace {

using Pages = std::map<std::string, std::string>;

const Pages& book() {
  static const Pages pages = Site(HEED_SOURCE_DIR).build();
  return pages;
}

TEST(Book, HasAPageForEveryLessonAndItsExercises) {
  for (const auto& entry : fs::directory_iterator(fs::path(HEED_SOURCE_DIR) / "lessons")) {
    const std::string name = entry.path().filename().string();
    if (name[0] > '9' || !fs::exists(entry.path() / "lesson.cpp")) continue;
    EXPECT_TRUE(book().contains("lessons/" + name + "/index.html")) << name;
    EXPECT_TRUE(book().contains("lessons/" + name + "/lesson.cpp.html")) << name;
    if (!fs::exists(entry.path() / "solutions")) continue;
    EXPECT_TRUE(book().contains("lessons/" + name + "/exercises.html")) << name;
  }
  for (const char* page :
       {"index.html", "tour.html", "search.html", "readme.html", "lessons/glossary.html",
        "lessons/cheat_sheet.html", "lessons/coverage.html", "lessons/claims.html", "autograd/graph.h.html"})
    EXPECT_TRUE(book().contains(page)) << page;
}

TEST(Book, EveryLinkAndAnchorLeadsSomewhere) { EXPECT_EQ(link_errors(book()), std::vector<std::string>{}); }

TEST(Book, PagesAreSmallAndMadeInSeconds) {
  [[maybe_unused]] const auto begin = std::chrono::steady_clock::now();
  std::size_t total = 0;
  for (const auto& [path, html] : Site(HEED_SOURCE_DIR).build()) {
    EXPECT_LT(html.size(), 2u << 20) << path;
    total += html.size();
  }
  EXPECT_LT(total, 30u << 20);
#ifdef NDEBUG  // a build without optimisation takes longer
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
#endif
}

TEST(Book, IsTheSameWhenRepeated) { EXPECT_TRUE(Site(HEED_SOURCE_DIR).build() == book()); }

TEST(Book, LoadsNothingAndHasAPolicy) {
  for (const auto& [path, html] : book()) {
    EXPECT_NE(html.find("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'"),
              std::string::npos)
        << path;
    for (const char* loaded : {" src=\"", "@import", "<iframe", "<link rel=\"stylesheet\""})
      EXPECT_EQ(html.find(loaded), std::string::npos) << path << " " << loaded;
  }
}

TEST(Book, ShowsFiguresCodeAndBadges) {
  const std::string& page = book().at("lessons/02_scaled_dot_product_attention/index.html");
  for (const char* part : {"<svg", "<figcaption>Attention weights of three English words", "badge holds",
                           "class=\"origin\" href=\"lesson.cpp.html#L", "href=\"exercises.html#02_sdpa\""})
    EXPECT_NE(page.find(part), std::string::npos) << part;
}

// A project with one page.
class BrokenBook : public testing::Test {
 protected:
  void SetUp() override { fs::remove_all(root_); }
  void TearDown() override { fs::remove_all(root_); }
  std::string error_of(const std::string& page) {
    write_file(root_ / "lessons/README.md", page);
    try {
      Site(root_).build();
    } catch (const std::exception& error) {
      return error.what();
    }
    return "none";
  }
  fs::path root_ = fs::temp_directory_path() /
                   ("heed_book_" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
                    ::testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(BrokenBook, ErrorsNameTheFileAndTheLine) {
  EXPECT_EQ(error_of("# A\n\n[b](c.md)\n"),
            "lessons/README.md:3: the link leads to lessons/c.md, which does not exist");
  EXPECT_EQ(error_of("# A\n\n![b](c.svg)\n"),
            "lessons/README.md:3: the link leads to lessons/c.svg, which does not exist");
  EXPECT_EQ(error_of("# A\n\n```cpp x.h\n```\n"),
            "lessons/README.md:3: the code is said to be from x.h, which does not exist");
  EXPECT_EQ(error_of("text\n"), "lessons/README.md:1: expected a heading of level 1");
  EXPECT_EQ(error_of("# A\n\n$\\foo$\n"), "lessons/README.md:3: in the formula \\foo: unknown command \\foo");
}

}  // namespace
