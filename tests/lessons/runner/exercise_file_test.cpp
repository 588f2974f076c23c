#include "lessons/runner/exercise_file.h"

#include "tests/lessons/runner/scratch.h"

namespace heed::runner {
namespace {

const std::string solution = R"(// 02_rows — Turn scores into weights.
// Exercise 3 · 10 minutes · ●●○ · after 01_first, 02_dots
//
// The statement.
#include "lessons/02_name/exercises.h"

namespace heed::exercise {

Tensor rows(const Tensor& scores,
            double scale) {
  // solution: normalise each row
  return rows(scores, scale);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. A question,
//    on two lines?
// 2. A plan.
// 3. Nearly:
//
//    ```
//    code;
//      indented;
//    ```
)";

// The error message if `text` is replaced by `replacement`.
std::string error_with(const std::string& text, const std::string& replacement) {
  std::string file = solution;
  const std::size_t begin = file.find(text);
  EXPECT_NE(begin, std::string::npos) << text;
  file.replace(begin, text.size(), replacement);
  return error_of([&] { read_exercise_info(file, "02_rows", "rows.cpp"); });
}

TEST(ExerciseFile, ContainsFactsAndHints) {
  const ExerciseInfo info = read_exercise_info(solution, "02_rows", "rows.cpp");
  EXPECT_EQ(info.title, "Turn scores into weights.");
  EXPECT_EQ(info.number, 3);
  EXPECT_EQ(info.minutes, 10);
  EXPECT_EQ(info.stars(), "●●○");
  EXPECT_EQ(info.after, (std::vector<std::string>{"01_first", "02_dots"}));
  EXPECT_EQ(info.hints[0], "A question,\non two lines?");
  EXPECT_EQ(info.hints[1], "A plan.");
  EXPECT_EQ(info.hints[2], "Nearly:\n\n```\ncode;\n  indented;\n```");
}

TEST(ExerciseFile, ErrorsNameTheLine) {
  EXPECT_EQ(error_with("02_rows", "02_row"),
            "rows.cpp:1: expected \"// 02_rows — the title\", got \"// 02_row — Turn scores into weights.\"");
  expect_has(error_with("Exercise 3", "Exercise three"),
             "rows.cpp:2: expected \"Exercise 3\" as the first part of ");
  expect_has(error_with("10 minutes", "ten minutes"),
             "rows.cpp:2: expected \"10 minutes\" as the second part of ");
  expect_has(error_with("●●○", "●○●"), "rows.cpp:2: expected ●○○, ●●○ or ●●● as the third part of ");
  expect_has(error_with("after 01_first", "01_first"),
             "rows.cpp:2: expected \"after\" and exercise ids as the last part of ");
  expect_has(error_with("// 2. A", "// - A"), "rows.cpp:22: expected hint 2: \"// 2. …\"");
  expect_has(error_with("// Hints", "// Hint"),
             "expected \"// Hints\" after the code, got the end of the file");
  expect_has(error_with("//    ```\n", "int x;\n"),
             "expected the end of the file after hint 3, got \"int x;\"");
}

TEST(ExerciseFile, TheStubHasNeitherTheBodyNorTheHints) {
  const std::string stub = stub_of(solution);
  expect_has(stub, "            double scale) {\n  todo(\"normalise each row\");\n}\n");
  EXPECT_EQ(stub.find("Hints"), std::string::npos);
  EXPECT_TRUE(stub.ends_with("}  // namespace heed::exercise\n"));
  EXPECT_EQ(stub_of("int f() {\n  // solution: give 2\n  int a = 1;\n  return a + 1;\n  // end\n}\n"),
            "int f() {\n  todo(\"give 2\");\n}\n");
  EXPECT_EQ(stub_of("int f() { return 2; }\n"), "int f() { return 2; }\n") << "already solved";
  expect_has(error_of([] { stub_of("// solution: x\n"); }), "expected \"// end\" after \"// solution: …\"");
}

TEST(ExerciseFile, TheDeclarationIsThatOfTheDefinition) {
  EXPECT_EQ(declaration_of(solution, "rows"), "Tensor rows(const Tensor& scores, double scale);");
  EXPECT_EQ(declaration_of("// f(x)\nint f(int x) { return x; }\n", "f"), "int f(int x);");
  const std::string wide = "const int parameter_with_a_long_name_" + std::string(40, 'x');
  EXPECT_EQ(declaration_of("int f(" + wide + ",\n      " + wide + ") {\n", "f"),
            "int f(" + wide + ",\n      " + wide + ");")
      << "longer than a line";
  expect_has(error_of([] { declaration_of("int g();\n", "f"); }), "expected a definition of f(…)");
}

}  // namespace
}  // namespace heed::runner
