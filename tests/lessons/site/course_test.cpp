// What the book reads from the files of the course: exercises, heads of lessons, claims.
#include <gtest/gtest.h>

#include "lessons/site/claims_page.h"
#include "lessons/site/exercise.h"
#include "lessons/site/lesson_page.h"

using namespace heed::book;

namespace {

const std::string solution =
    "// 02_scale — Scale the scores.\n// Exercise 2 · 5 minutes · ●○○\n//\n#include <cmath>\n\nint scale() "
    "{\n"
    "  // solution: divide\n  return 1;\n  // end\n}\n\n// Hints\n//\n// 1. By how\n//    much?\n// 2. By "
    "`d`.\n// 3. `x / d`.\n";

TEST(BookExercise, ReadsTheFile) {
  const Exercise exercise =
      parse_exercise("02_attention", "scale", solution,
                     "{{\"SD-02\", \"divided \\\"twice\\\"\", f},\n {\"SD-01\", \"a\", g}}");
  EXPECT_EQ(exercise.id, "02_scale");
  EXPECT_EQ(exercise.title, "Scale the scores.");
  EXPECT_EQ(exercise.number, 2);
  EXPECT_EQ(exercise.facts, "Exercise 2 · 5 minutes · ●○○");
  EXPECT_NE(exercise.stub.find("  todo(\"divide\");\n}\n"), std::string::npos);
  EXPECT_EQ(exercise.stub.find("return 1"), std::string::npos);
  EXPECT_NE(exercise.solution.find("return 1"), std::string::npos);
  EXPECT_EQ(exercise.solution.find("Hints"), std::string::npos);
  EXPECT_EQ(exercise.hints[0], "By how much?");
  EXPECT_EQ(exercise.hints[2], "`x / d`.");
  ASSERT_EQ(exercise.mistakes.size(), 2u);
  EXPECT_EQ(exercise.mistakes[0].first, "SD-01");
}

TEST(BookExercise, HintsOpenOneAfterAnotherAndTheSolutionIsLast) {
  const auto render = [](const std::string& text) { return text; };
  const auto url = [](const std::string& id) { return "#" + id; };
  const std::string html =
      exercise_html(parse_exercise("02_attention", "scale", solution, "{\"SD-01\", \"a\", g}"), render, url);
  const std::size_t third = html.find("Hint 3"), shown = html.find("<summary>Solution");
  EXPECT_LT(html.find("Hint 1"), html.find("Hint 2"));
  EXPECT_LT(third, shown);
  EXPECT_NE(html.find("href=\"#SD-01\""), std::string::npos);
  EXPECT_NE(html.find("./lessons/heed run 02_scale"), std::string::npos);
}

TEST(BookExercise, RejectsAFileInAnotherForm) {
  EXPECT_THROW(parse_exercise("02_a", "other", solution, ""), BookError);
  EXPECT_THROW(parse_exercise("02_a", "scale", solution.substr(0, solution.find("// Hints")), ""), BookError);
  EXPECT_THROW(parse_exercise("02_a", "scale", solution.substr(0, solution.find("// 3.")), ""), BookError);
  EXPECT_THROW(parse_exercise("02_a", "scale", replace_all(solution, "// end", ""), ""), BookError);
}

TEST(BookLesson, ReadsGoalsPrerequisitesAndMinutes) {
  const std::string page =
      "# 02 · Scaled attention\n\n- **Goals:** you can\n  - a;\n  - b.\n- **Prerequisites:** "
      "[01](../01_why/README.md).\n"
      "- **Minutes:** 85: 20 to read.\n\n## The idea\n\n- **Minutes:** 3\n";
  const Lesson lesson = read_lesson("lessons/02_attention", parse_markdown(page, "p"));
  EXPECT_EQ(lesson.number, "02");
  EXPECT_EQ(lesson.title, "Scaled attention");
  EXPECT_EQ(lesson.goals, (std::vector<std::string>{"a;", "b."}));
  EXPECT_EQ(lesson.after, std::vector<std::string>{"lessons/01_why"});
  EXPECT_EQ(lesson.minutes, 85);
}

TEST(BookLesson, APageWithoutAHeadHasATitle) {
  const Lesson lesson = read_lesson("lessons/10_x", parse_markdown("# X\n\ntext\n", "p"));
  EXPECT_EQ(lesson.title, "X");
  EXPECT_EQ(lesson.minutes, 0);
}

TEST(BookClaims, ReadsTheColumns) {
  const auto claims =
      parse_claims("lesson_02\tid\ta claim\t0.5\tholds\t0 to 4\tavx2\tcpu\tcommit\n", "c.tsv");
  ASSERT_EQ(claims.size(), 1u);
  EXPECT_EQ(claims[0].sentence, "a claim");
  EXPECT_EQ(claims[0].isa, "avx2");
  try {
    parse_claims("a\tb\n", "c.tsv");
    FAIL();
  } catch (const BookError& error) {
    EXPECT_STREQ(error.what(),
                 "c.tsv:1: expected lesson, id, claim, measurement and verdict between tabs, got 2 columns");
  }
}

}  // namespace
