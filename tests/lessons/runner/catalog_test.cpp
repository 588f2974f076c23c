#include "lessons/runner/catalog.h"

#include "lessons/runner/text.h"
#include "tests/lessons/runner/scratch.h"

namespace heed::runner {
namespace {

std::string solution_file(const std::string& id, const std::string& facts) {
  return "// " + id + " — The title of " + id + ".\n// " + facts +
         "\n//\n// A statement.\nint f();\n\n// Hints\n//\n// 1. a\n// 2. b\n// 3. c\n";
}

// A course with the lesson 02_name, which has the exercises rows and all.
struct Course : Scratch {
  Course() {
    write("02_name/solutions/rows.cpp", solution_file("02_rows", "Exercise 1 · 10 minutes · ●●○"));
    write("02_name/checks/rows.cpp", "TEST(Rows, A) {}\nTEST(Rows, B) {}\n");
    write("02_name/solutions/all.cpp",
          solution_file("02_all", "Exercise 2 · 25 minutes · ●●● · after 02_rows"));
    write("02_name/checks/all.cpp", "TEST(All, A) {\n}\n");
  }
  Catalog catalog() const { return read_catalog(path); }
};

TEST(Catalog, OrdersExercisesByNumber) {
  const Catalog catalog = Course().catalog();
  EXPECT_TRUE(inconsistencies(catalog).empty());
  ASSERT_EQ(catalog.exercises.size(), 2U);
  const Entry &rows = catalog.exercises[0], &all = catalog.exercises[1];
  EXPECT_EQ(rows.id, "02_rows");
  EXPECT_EQ(rows.folder, "02_name");
  EXPECT_EQ(rows.name, "rows");
  EXPECT_EQ(rows.title, "The title of 02_rows.");
  EXPECT_EQ(rows.tests, 2);
  EXPECT_EQ(all.id, "02_all");
  EXPECT_EQ(all.after, std::vector<std::string>{"02_rows"});
  EXPECT_EQ(all.tests, 1);
}

TEST(Catalog, ReportsAFileThatCannotBeReadAndKeepsTheOthers) {
  const Course course;
  course.write("02_name/solutions/all.cpp", solution_file("02_all", "Exercise 2 · 25 hours · ●●●"));
  course.write("02_name/mistakes.md", "# Mistakes\n\n## SD-01: no\n");
  const Catalog catalog = course.catalog();
  ASSERT_EQ(catalog.exercises.size(), 1U);
  EXPECT_EQ(catalog.exercises[0].id, "02_rows");
  ASSERT_EQ(catalog.errors.size(), 2U);
  expect_has(catalog.errors[0],
             "lessons/02_name/solutions/all.cpp:2: expected \"10 minutes\" as the second part");
  EXPECT_EQ(catalog.errors[1],
            "lessons/02_name/mistakes.md:3: expected \"## SD-01 · the mistake\", got \"## SD-01: no\"");
  EXPECT_EQ(inconsistencies(catalog).size(), 2U);
}

TEST(Catalog, ReportsACheckWithoutTests) {
  const Course course;
  course.write("02_name/checks/all.cpp", "// nothing\n");
  EXPECT_EQ(course.catalog().errors,
            std::vector<std::string>{"lessons/02_name/checks/all.cpp: expected a TEST(…), got none"});
}

TEST(Catalog, ReadsMistakes) {
  const Course course;
  course.write("02_name/mistakes.md",
               "# Mistakes\n\n## SD-01 · Not divided · by √d\n\n**What** x\n\ny\n## SD-02 · z\n");
  const Catalog catalog = course.catalog();
  ASSERT_EQ(catalog.mistakes.size(), 2U);
  EXPECT_EQ(catalog.mistakes[0].title, "Not divided · by √d");
  EXPECT_EQ(catalog.mistakes[0].text, "**What** x\n\ny");
  EXPECT_EQ(catalog.mistake("sd-02").title, "z");
}

TEST(Catalog, ReadsFilesWithCrLfOrCr) {
  for (const std::string end : {"\r\n", "\r"}) {
    const Course course;
    const auto with_ends = [&](const std::string& text) {
      std::string result;
      for (const char c : text) result += c == '\n' ? end : std::string(1, c);
      return result;
    };
    course.write("02_name/solutions/all.cpp",
                 with_ends(solution_file("02_all", "Exercise 2 · 25 minutes · ●●●")));
    course.write("02_name/mistakes.md", with_ends("# Mistakes\n\n## SD-01 · Not divided\n\nx\ny\n"));
    const Catalog catalog = course.catalog();
    ASSERT_TRUE(catalog.errors.empty()) << catalog.errors[0];
    EXPECT_EQ(catalog.exercises[1].hints[2], "c");
    EXPECT_EQ(catalog.mistakes[0].text, "x\ny");
  }
}

TEST(Catalog, FindsAnExerciseByAUniquePartOfItsId) {
  const Catalog catalog = read_catalog(fs::path(HEED_SOURCE_DIR) / "lessons");
  EXPECT_EQ(catalog.find("02_sdpa").id, "02_sdpa");
  EXPECT_EQ(catalog.find("sdpa").id, "02_sdpa");
  EXPECT_EQ(catalog.find("SDPA").id, "02_sdpa");
  EXPECT_EQ(catalog.find("02_sd").id, "02_sdpa");
  const auto result = [&](const std::string& typed) -> std::string {
    try {
      return "found " + catalog.find(typed).id;
    } catch (const UsageError& error) {
      return error.what();
    }
  };
  EXPECT_EQ(result("sdap"), "There is no exercise \"sdap\". Did you mean 02_sdpa?");
  expect_has(result("02_"), "\"02_\" is ambiguous: 02_");
  EXPECT_EQ(result("nothing_like_it_at_all"), "There is no exercise \"nothing_like_it_at_all\".");
  expect_has(result(""), "There is no exercise");
}

TEST(Catalog, OfTheCourseIsConsistent) {
  const Catalog catalog = read_catalog(fs::path(HEED_SOURCE_DIR) / "lessons");
  for (const std::string& error : inconsistencies(catalog)) ADD_FAILURE() << error;
  EXPECT_GE(catalog.exercises.size(), 45U);
  EXPECT_EQ(catalog.exercises[0].id, "00_hello");
  const Paths paths{HEED_SOURCE_DIR, "", fs::path(HEED_SOURCE_DIR) / "lessons", ""};
  for (const Entry& entry : catalog.exercises) {
    EXPECT_TRUE(fs::exists(entry.file(paths))) << entry.id;
    EXPECT_LE(entry.id.size(), 27U) << "the width of the column in `heed list`";
  }
}

TEST(Catalog, ReportsContradictionsBetweenFiles) {
  const Course course;
  course.write("02_name/solutions/rows.cpp",
               solution_file("02_rows", "Exercise 1 · 10 minutes · ●●○ · after 02_all"));
  course.write("02_name/solutions/all.cpp",
               solution_file("02_all", "Exercise 1 · 25 minutes · ●●● · after 01_first"));
  course.write("02_name/mistakes.md", "## A-1 · x\n\n## A-1 · y\n");
  EXPECT_EQ(inconsistencies(course.catalog()),
            (std::vector<std::string>{"02_all: expected earlier exercises after \"after\", got 01_first",
                                      "02_rows: 02_all is also exercise 1 of the lesson",
                                      "A-1: two pages explain this mistake"}));
}

}  // namespace
}  // namespace heed::runner
