#include "lessons/runner/progress.h"

#include "tests/lessons/runner/scratch.h"

namespace heed::runner {
namespace {

TEST(ProgressFile, KeepsRecords) {
  const Scratch scratch;
  {
    Progress progress(scratch.paths());
    EXPECT_EQ(progress.of("02_sdpa").state, State::todo);
    progress.update("02_sdpa", [](Record& r) {
      r = {State::pass, "2024-05-01T09:30:00", 2, true, fingerprint("text")};
    });
  }
  const Record r = Progress(scratch.paths()).of("02_sdpa");
  EXPECT_EQ(r.state, State::pass);
  EXPECT_EQ(r.passed, "2024-05-01T09:30:00");
  EXPECT_EQ(r.hints, 2);
  EXPECT_TRUE(r.gave_up);
  EXPECT_EQ(r.file, fingerprint("text"));
  expect_has(text_of(scratch.path / ".heed/progress"),
             "02_sdpa  state=pass  passed=2024-05-01T09:30:00  hints=2  gave_up=yes  file=");
}

TEST(ProgressFile, AcceptsEditsByHand) {
  const Scratch scratch;
  scratch.write(".heed/progress", "# mine\n\n  02_sdpa state=pass\r\n02_softmax_rows\thints=3 state=wrong\n");
  const Progress progress(scratch.paths());
  EXPECT_TRUE(progress.warnings().empty());
  EXPECT_EQ(progress.of("02_sdpa").state, State::pass);
  EXPECT_EQ(progress.of("02_softmax_rows").hints, 3);
  scratch.write(".heed/progress", "# mine\r\r02_sdpa state=pass\r02_softmax_rows hints=3 state=wrong\r");
  const Progress old_ends(scratch.paths());
  EXPECT_TRUE(old_ends.warnings().empty());
  EXPECT_EQ(old_ends.of("02_sdpa").state, State::pass);
  EXPECT_EQ(old_ends.of("02_softmax_rows").hints, 3);
}

// A truncated file loses no complete line.
TEST(ProgressFile, TruncatedAnywhereKeepsAllCompleteLines) {
  const Scratch scratch;
  Progress whole(scratch.paths());
  whole.update("00_a", [](Record& r) {
    r = {.state = State::pass, .passed = "2024-05-01T09:30:00", .file = fingerprint("a")};
  });
  whole.update("00_b", [](Record& r) {
    r = {.state = State::crash, .passed = "2024-05-01T09:31:00", .file = fingerprint("b")};
  });
  const fs::path file = scratch.path / ".heed/progress";
  const std::string text = text_of(file);
  const std::size_t second = text.find("00_b");
  for (std::size_t cut = second; cut < text.size(); ++cut) {
    std::ofstream(file) << text.substr(0, cut);
    const Progress progress(scratch.paths());
    EXPECT_EQ(progress.of("00_a").state, State::pass) << "cut at " << cut;
    EXPECT_LE(progress.warnings().size(), 1U);
    const State b = progress.of("00_b").state;
    EXPECT_TRUE(b == State::todo || b == State::crash);
  }
}

TEST(ProgressFile, ReportsABadLineAndBacksUpTheFile) {
  const Scratch scratch;
  const std::string text =
      "00_a state=pass\n00_b state=pas\n00_c hints=7\n00_d passed=2024-05-0\n\x01\xff\n00_a state=todo\n00_e "
      "file=12\n";
  scratch.write(".heed/progress", text);
  Progress progress(scratch.paths());
  ASSERT_EQ(progress.warnings().size(), 6U);
  EXPECT_EQ(progress.warnings()[0],
            ".heed/progress:2: skipped a line that could not be read: 00_b state=pas");
  EXPECT_EQ(progress.warnings()[3], ".heed/progress:5: skipped a line that could not be read: ??");
  EXPECT_EQ(progress.of("00_a").state, State::pass) << "the first of two lines counts";
  progress.update("00_z", [](Record& r) { r.hints = 1; });
  std::vector<fs::path> backups;
  for (const auto& entry : fs::directory_iterator(scratch.path / ".heed/backups"))
    backups.push_back(entry.path());
  ASSERT_EQ(backups.size(), 1U);
  EXPECT_EQ(text_of(backups[0]), text);
  EXPECT_TRUE(Progress(scratch.paths()).warnings().empty());
  EXPECT_EQ(Progress(scratch.paths()).of("00_a").state, State::pass);
}

TEST(ProgressFile, OfTwoTerminalsKeepsAllRecords) {
  const Scratch scratch;
  Progress one(scratch.paths()), other(scratch.paths());
  one.update("00_a", [](Record& r) { r.state = State::pass; });
  other.update("00_b", [](Record& r) { r.state = State::pass; });
  one.update("00_c", [](Record& r) { r.hints = 1; });
  const Progress after(scratch.paths());
  EXPECT_EQ(after.of("00_a").state, State::pass);
  EXPECT_EQ(after.of("00_b").state, State::pass);
  EXPECT_EQ(after.of("00_c").hints, 1);
}

TEST(ProgressFile, ThatCannotBeWrittenThrowsEnvironmentError) {
  const Scratch scratch;
  scratch.write(".heed", "a file where the folder should be");
  Progress progress(scratch.paths());
  EXPECT_THROW(progress.update("00_a", [](Record&) {}), EnvironmentError);
}

TEST(ProgressFile, FingerprintsAreFnv1a) {
  EXPECT_EQ(fingerprint(""), "cbf29ce484222325");
  EXPECT_EQ(fingerprint("foobar"), "85944171f73967e8");
}

}  // namespace
}  // namespace heed::runner
