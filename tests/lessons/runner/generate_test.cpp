#include "lessons/runner/generate.h"

#include <cstdlib>

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
  EXPECT_EQ(with_table(page, "| new |\n", "x.md"),
            "# A\n\n| a |\n\n## Exercises\n\nText.\n\n| new |\n\n| b |\n\n## B\n");
  EXPECT_EQ(with_table("\n## Exercises\n\n| old |", "| new |\n", "x.md"), "\n## Exercises\n\n| new |\n");
  EXPECT_EQ(error_of([] { with_table("# A\n| a |\n", "", "x.md"); }),
            "x.md: expected the section \"## Exercises\", got none");
  EXPECT_EQ(error_of([] { with_table("\n## Exercises\n\n## B\n\n| b |\n", "", "x.md"); }),
            "x.md: expected a table in the section \"Exercises\", got none");
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
