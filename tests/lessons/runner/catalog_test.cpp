#include "lessons/runner/catalog.h"

#include "lessons/runner/text.h"
#include "tests/lessons/runner/scratch.h"

namespace heed::runner {
namespace {

const char* const good = R"(# Hints for lesson 02

## rows

Turn each row into shares.
10 minutes · ●●○ · after nothing · 4 tests

1. A question,
   on two lines?
2. A plan.
3. Nearly:

   ```
   code;
   ```

## all

The whole of it.
25 minutes · ●●● · after 02_rows, 01_first · 1 test

1. a
2. b
3. c
)";

// A course of one lesson whose hints.md is `hints`.
Catalog catalog_of(const std::string& hints, const std::string& mistakes = "") {
  const Scratch scratch;
  scratch.write("02_name/hints.md", hints);
  if (!mistakes.empty()) scratch.write("02_name/mistakes.md", mistakes);
  return read_catalog(scratch.path);
}

// The fault of the good page with one text replaced by another.
std::string fault_with(const std::string& text, const std::string& instead) {
  std::string page = good;
  const std::size_t at = page.find(text);
  EXPECT_NE(at, std::string::npos) << text;
  page.replace(at, text.size(), instead);
  const Scratch scratch;
  scratch.write("02_name/hints.md", page);
  scratch.write("01_other/hints.md", good);
  const Catalog catalog = read_catalog(scratch.path);
  EXPECT_GE(catalog.exercises.size(), 2U) << "the other lesson stays";
  return catalog.faults.empty() ? "" : catalog.faults[0];
}

TEST(Catalog, ReadsEveryFactOfAnExercise) {
  const Catalog catalog = catalog_of(good);
  ASSERT_EQ(catalog.exercises.size(), 2U);
  EXPECT_TRUE(catalog.faults.empty());
  const Entry &rows = catalog.exercises[0], &all = catalog.exercises[1];
  EXPECT_EQ(rows.id, "02_rows");
  EXPECT_EQ(rows.folder, "02_name");
  EXPECT_EQ(rows.title, "Turn each row into shares.");
  EXPECT_EQ(rows.minutes, 10);
  EXPECT_EQ(rows.stars(), "●●○");
  EXPECT_TRUE(rows.after.empty());
  EXPECT_EQ(rows.tests, 4);
  EXPECT_EQ(rows.hints[0], "A question,\non two lines?");
  EXPECT_EQ(rows.hints[2], "Nearly:\n\n```\ncode;\n```");
  EXPECT_EQ(all.after, (std::vector<std::string>{"02_rows", "01_first"}));
  EXPECT_EQ(all.tests, 1);
}

TEST(Catalog, LinesMayEndInCrLfOrCr) {
  for (const std::string end : {"\r\n", "\r"}) {
    std::string hints, mistakes;
    for (const char c : std::string(good)) hints += c == '\n' ? end : std::string(1, c);
    for (const char c : std::string("# Mistakes\n\n## SD-01 · Not divided\n\nx\ny\n"))
      mistakes += c == '\n' ? end : std::string(1, c);
    const Catalog catalog = catalog_of(hints, mistakes);
    ASSERT_TRUE(catalog.faults.empty()) << catalog.faults[0];
    ASSERT_EQ(catalog.exercises.size(), 2U);
    EXPECT_EQ(catalog.exercises[0].hints[2], "Nearly:\n\n```\ncode;\n```");
    EXPECT_EQ(catalog.mistakes[0].text, "x\ny");
  }
}

TEST(Catalog, NamesTheLineThatDoesNotReadAsItMust) {
  EXPECT_EQ(fault_with("10 minutes", "ten minutes"),
            "lessons/02_name/hints.md:6: expected \"10 minutes\" first");
  EXPECT_EQ(fault_with("●●○", "●○●"), "lessons/02_name/hints.md:6: expected ●○○, ●●○ or ●●● second");
  expect_has(fault_with("after nothing", "first"), "lessons/02_name/hints.md:6: expected \"after\" and ids");
  EXPECT_EQ(fault_with(" 4 tests", " tests"), "lessons/02_name/hints.md:6: expected \"4 tests\" last");
  expect_has(fault_with(" · 4 tests", ""), "lessons/02_name/hints.md:6: expected \"10 minutes · ●○○");
  expect_has(fault_with("2. A plan.", "- A plan."), "lessons/02_name/hints.md:10: expected hint 2: \"2. …\"");
  expect_has(fault_with("## all", "## All of it"),
             "lessons/02_name/hints.md:17: expected \"## name\" in small letters");
  expect_has(fault_with("3. c\n", ""), "hints.md:23: expected hint 3");
  expect_has(fault_with("Turn each row into shares.\n10", "10"), "hints.md:6: expected \"10 minutes");
}

TEST(Catalog, KeepsWhatStandsBeforeTheFault) {
  std::string page = good;
  page.replace(page.find("25 minutes"), 10, "25 hours");
  const Catalog catalog = catalog_of(page);
  ASSERT_EQ(catalog.exercises.size(), 1U);
  EXPECT_EQ(catalog.exercises[0].id, "02_rows");
  EXPECT_EQ(inconsistencies(catalog).size(), 1U);
}

TEST(Catalog, ReadsThePagesOfMistakes) {
  const Catalog catalog =
      catalog_of(good, "# Mistakes\n\n## SD-01 · Not divided · by √d\n\n**What** x\n\ny\n## SD-02 · z\n");
  ASSERT_EQ(catalog.mistakes.size(), 2U);
  EXPECT_EQ(catalog.mistakes[0].title, "Not divided · by √d");
  EXPECT_EQ(catalog.mistakes[0].text, "**What** x\n\ny");
  EXPECT_EQ(catalog.mistake("sd-02").title, "z");
  EXPECT_EQ(catalog_of(good, "# M\n\n## SD-01: no\n").faults[0],
            "lessons/02_name/mistakes.md:3: expected \"## SD-01 · what was done\"");
}

TEST(Catalog, FindsAnExerciseByWhatIsClear) {
  const Catalog catalog = read_catalog(fs::path(HEED_SOURCE_DIR) / "lessons");
  EXPECT_EQ(catalog.find("02_sdpa").id, "02_sdpa");
  EXPECT_EQ(catalog.find("sdpa").id, "02_sdpa");
  EXPECT_EQ(catalog.find("SDPA").id, "02_sdpa");
  EXPECT_EQ(catalog.find("02_sd").id, "02_sdpa");
  const auto said = [&](const std::string& typed) -> std::string {
    try {
      return "found " + catalog.find(typed).id;
    } catch (const Usage& error) {
      return error.what();
    }
  };
  EXPECT_EQ(said("sdap"), "There is no exercise \"sdap\". Did you mean 02_sdpa?");
  expect_has(said("02_"), "\"02_\" may be any of: 02_");
  EXPECT_EQ(said("nothing_like_it_at_all"), "There is no exercise \"nothing_like_it_at_all\".");
  expect_has(said(""), "There is no exercise");
}

TEST(Catalog, OfTheCourseIsWholeAndInOrder) {
  const Catalog catalog = read_catalog(fs::path(HEED_SOURCE_DIR) / "lessons");
  for (const std::string& wrong : inconsistencies(catalog)) ADD_FAILURE() << wrong;
  EXPECT_GE(catalog.exercises.size(), 45U);
  EXPECT_EQ(catalog.exercises[0].id, "00_hello");
  const Places places{HEED_SOURCE_DIR, "", fs::path(HEED_SOURCE_DIR) / "lessons", ""};
  for (const Entry& entry : catalog.exercises) {
    EXPECT_TRUE(fs::exists(entry.file(places))) << entry.id;
    EXPECT_TRUE(fs::exists(entry.solution(places))) << entry.id;
    EXPECT_LE(entry.id.size(), 27U) << "the list's column";
  }
}

TEST(Catalog, WithPrerequisitesThatComeLaterIsInconsistent) {
  std::string page = good;
  page.replace(page.find("after nothing"), 13, "after 02_all");
  const auto wrong = inconsistencies(catalog_of(page, "## A-1 · x\n\n## A-1 · y\n"));
  ASSERT_EQ(wrong.size(), 3U);
  EXPECT_EQ(wrong[0], "02_rows comes after 02_all, which is no earlier exercise");
  EXPECT_EQ(wrong[1], "02_all comes after 01_first, which is no earlier exercise");
  EXPECT_EQ(wrong[2], "two pages tell of A-1");
}

}  // namespace
}  // namespace heed::runner
