#include "lessons/runner/generate.h"

#include <cstdlib>

#include "lessons/runner/claims_table.h"
#include "tests/lessons/runner/scratch.h"

namespace heed::runner {
namespace {

// Checks stubs only in CI: elsewhere they may contain a learner's work.
TEST(GeneratedFiles, AreUpToDate) {
  const fs::path source = HEED_SOURCE_DIR;
  const Paths paths{source, "", source / "lessons", ""};
  for (const GeneratedFile& file : generated_files(paths, read_catalog(paths.lessons()))) {
    if (file.is_stub && !std::getenv("CI")) continue;
    EXPECT_TRUE(read_text(file.path) == file.text)
        << paths.display(file.path) << " is not up to date. Hint: ./lessons/heed generate";
  }
}

const std::string marker = "// Generated from solutions/ by `./lessons/heed generate`: do not edit below.\n";

TEST(GeneratedFiles, DeclarationsReplaceTheEndOfTheHeader) {
  const std::string end = "\n}  // namespace heed::exercise\n", head = "struct A {};\n\n" + marker;
  EXPECT_EQ(with_declarations(head + "int old();\n" + end, {"int f();", "int g();"}, "x.h"),
            head + "int f();\nint g();\n" + end);
  expect_has(error_of([&] { with_declarations(end, {}, "x.h"); }),
             "x.h: expected the line \"// Generated from");
  expect_has(error_of([&] { with_declarations(marker, {}, "x.h"); }), "x.h: expected \"}  // namespace");
}

TEST(GeneratedFiles, ATableReplacesTheFirstTableOfTheSection) {
  const std::string page = "# A\n\n| a |\n\n## Exercises\n\nText.\n\n| old |\n|---|\n\n| b |\n\n## B\n";
  EXPECT_EQ(with_table(page, "Exercises", "| new |\n", "x.md"),
            "# A\n\n| a |\n\n## Exercises\n\nText.\n\n| new |\n\n| b |\n\n## B\n");
  EXPECT_EQ(with_table("\n## Exercises\n\n| old |", "Exercises", "| new |\n", "x.md"),
            "\n## Exercises\n\n| new |\n");
  EXPECT_EQ(error_of([] { with_table("# A\n| a |\n", "Exercises", "", "x.md"); }),
            "x.md: expected the section \"## Exercises\", got none");
  EXPECT_EQ(error_of([] { with_table("\n## Exercises\n\n## B\n\n| b |\n", "Exercises", "", "x.md"); }),
            "x.md: expected a table in the section \"Exercises\", got none");
}

TEST(ClaimsTable, HasOneRowPerClaimAndMergesEqualInstructionSets) {
  const std::string rest = "\t0 to 4\t";
  const std::string tsv = "lesson_02\ta\tA holds\t1 (0 to 2) %\tholds" + rest + "avx512\tCPU\t12ab\n" +
                          "lesson_02\tb\tB\t3\tholds" + rest + "avx512\tCPU\t12ab\n" +
                          "lesson_02\ta\tA holds\t1 (0 to 2) %\tholds" + rest + "avx2\tCPU\t12ab\n" +
                          "lesson_02\tb\tB\t4\tholds for 4 of 5 seeds" + rest + "avx2\tCPU\t12ab\n";
  EXPECT_EQ(claims_table(tsv, "claims.tsv"),
            "| claim | measured | verdict |\n|---|---|---|\n"
            "| A holds | 1 (0 to 2) % | holds |\n"
            "| B | AVX-512: 3; AVX2: 4 | AVX-512: holds; AVX2: holds for 4 of 5 seeds |\n");
}

TEST(ClaimsTable, RejectsIncompleteFiles) {
  EXPECT_EQ(error_of([] { claims_table("a\tb\n", "claims.tsv"); }), "claims.tsv:1: expected 9 fields, got 2");
  const std::string tsv = "l\ta\tA\t1\tholds\t0\tavx512\tCPU\tx\nl\tb\tB\t1\tholds\t0\tavx2\tCPU\tx\n";
  EXPECT_EQ(error_of([&] { claims_table(tsv, "claims.tsv"); }),
            "claims.tsv: expected the claim a for each instruction set");
}

TEST(GeneratedFiles, ACountReplacesTheNumberBeforeTheWords) {
  EXPECT_EQ(with_count("The known mistakes: 7 known mistakes.", 12, "known mistakes", "x.md"),
            "The known mistakes: 12 known mistakes.");
  EXPECT_EQ(error_of([] { with_count("many known mistakes", 12, "known mistakes", "x.md"); }),
            "x.md: expected a number before \"known mistakes\", got none");
}

TEST(GeneratedFiles, AStubWithAnotherCommentIsNotEdited) {
  const std::string stub = "// New.\n// Text.\n#include <vector>\n";
  EXPECT_FALSE(is_edited("// Old.\n#include <vector>\n", stub));
  EXPECT_TRUE(is_edited("// New.\n// Text.\n#include <vector>\n// my notes\n", stub));
}

}  // namespace
}  // namespace heed::runner
