// The command line of the runner: its errors, and the commands that do not judge anything.
#include "lessons/runner/command_line.h"

#include "autograd/autograd.h"
#include "data/safetensors.h"
#include "lessons/runner/catalog.h"
#include "lessons/runner/commands.h"
#include "lessons/runner/doctor.h"
#include "lessons/runner/progress.h"
#include "tests/lessons/runner/scratch.h"

namespace heed::runner {
namespace {

using data::Json;

const Catalog& course() {
  static const Catalog catalog = read_catalog(fs::path(HEED_SOURCE_DIR) / "lessons");
  return catalog;
}

// A scratch folder with the stub of every exercise.
struct Fresh : Scratch {
  Fresh() {
    for (const Entry& entry : course().exercises)
      write(fs::path("lessons") / entry.folder / "exercises" / (entry.name + ".cpp"),
            text_of(entry.file({HEED_SOURCE_DIR, "", fs::path(HEED_SOURCE_DIR) / "lessons", ""})));
  }
};

TEST(CommandLine, ThatIsInvalidIsReportedAndExitsWith2) {
  const Fresh fresh;
  const auto expect_rejected = [&](const std::string& arguments, const std::string& text) {
    const CommandOutput result = heed(fresh, arguments);
    EXPECT_EQ(result.status, 2) << arguments;
    EXPECT_EQ(result.out, "") << arguments;
    expect_has(result.err, text);
  };
  expect_rejected("lits", "Unknown command \"lits\". Did you mean list?");
  expect_rejected("frobnicate", "For help, run: heed --help");
  expect_rejected("run --fast", "Unknown option --fast.");
  expect_rejected("list --raw", "list does not accept --raw. For its options: heed list --help");
  expect_rejected("run 02_sdap", "There is no exercise \"02_sdap\". Did you mean 02_sdpa?");
  expect_rejected("run 02_", "is ambiguous");
  expect_rejected("run sdpa extra", "Usage: heed run [ID]");
  expect_rejected("reset", "Usage: heed reset ID");
  expect_rejected("explain ZZ-99", "There is no mistake \"ZZ-99\".");
  expect_rejected("lesson 77", "There is no lesson \"77\".");
  expect_rejected("lesson 10", "Lesson 10 is ambiguous: 10_bert, ");
  expect_rejected("lesson 10_bart", "Lesson 10 is ambiguous: 10_bert, ");
  expect_rejected("milestone 77", "Lesson 77 has no milestone.");
  expect_rejected("look", "Usage: heed look \"SENTENCE\"");
  expect_rejected("look hi --model", "--model: expected a value");
  expect_rejected("look hi --layer 0", "--layer: expected an integer of at least 1, got \"0\"");
  expect_rejected("look hi --head one", "--head: expected an integer of at least 1, got \"one\"");
  expect_rejected("look hi --raw", "look does not accept --raw. For its options: heed look --help");
  expect_rejected("--lang fr", "--lang: expected en or ko, got \"fr\"");
  expect_rejected("--lang", "--lang: expected en or ko");
}

TEST(CommandLine, ReportsErrorsAsJsonToo) {
  const Fresh fresh;
  const CommandOutput result = heed(fresh, "run nothing_like_it_at_all --json");
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(member(result.json(), "error"), "There is no exercise \"nothing_like_it_at_all\".");
}

TEST(CommandLine, HelpListsEveryCommandInBothLanguages) {
  const Fresh fresh;
  for (const std::string language : {"en", "ko"}) {
    const CommandOutput result = heed(fresh, "--help --lang " + language);
    EXPECT_EQ(result.status, 0);
    for (const Command& command : commands()) {
      expect_has(result.out, "\n  " + command.name);
      const CommandOutput one = heed(fresh, command.name + " --help --lang " + language);
      EXPECT_EQ(one.status, 0);
      for (const std::string& option : command.options) expect_has(one.out, option);
    }
    EXPECT_EQ(result.err, "");
  }
  EXPECT_NE(heed(fresh, "--help --lang ko").out, heed(fresh, "--help").out);
  EXPECT_EQ(heed(fresh, "--help", "LC_ALL=ko_KR.UTF-8").out, heed(fresh, "--help --lang ko").out);
}

TEST(CommandLine, ListsEveryExercise) {
  const Fresh fresh;
  const CommandOutput result = heed(fresh, "list");
  EXPECT_EQ(result.status, 1) << "some do not pass yet";
  for (const Entry& entry : course().exercises) expect_has(result.out, " " + entry.name + " ");
  const Json list = heed(fresh, "list --json").json();
  EXPECT_EQ(list.find("all")->integer(), static_cast<std::int64_t>(course().exercises.size()));
  EXPECT_EQ(list.find("passed")->integer(), 0);
  const Json& first = list.find("exercises")->array()[0];
  EXPECT_EQ(member(first, "id"), course().exercises[0].id);
  EXPECT_TRUE(first.find("current")->boolean());
  EXPECT_EQ(first.find("minutes")->integer(), course().exercises[0].minutes);
}

TEST(CommandLine, HintsBecomeDeeperAndAreCounted) {
  const Fresh fresh;
  const Entry& entry = course().find("02_sdpa");
  for (int i = 1; i <= 4; ++i) {
    const CommandOutput result = heed(fresh, "hint sdpa");
    EXPECT_EQ(result.status, 0);
    expect_has(result.out, "hint " + std::to_string(std::min(i, 3)) + " of 3");
    expect_has(result.out, entry.hints[static_cast<std::size_t>(std::min(i, 3) - 1)].substr(0, 20));
    EXPECT_EQ(Progress({"", "", "", fresh.path / ".heed"}).of("02_sdpa").hints, std::min(i, 3));
  }
  EXPECT_EQ(heed(fresh, "hint sdpa --all --json").json().find("hints")->array().size(), 3U);
  EXPECT_EQ(heed(fresh, "hint softmax_rows --json").json().find("hints")->array().size(), 1U);
}

TEST(CommandLine, ExplainsAMistake) {
  const Fresh fresh;
  const CommandOutput result = heed(fresh, "explain sd-01");
  EXPECT_EQ(result.status, 0);
  expect_has(result.out, "SD-01 · ");
  EXPECT_EQ(result.out.find("**"), std::string::npos);
  EXPECT_EQ(member(heed(fresh, "explain SD-01 --json").json(), "id"), "SD-01");
}

TEST(CommandLine, ShowsTheSolutionOnlyAfterPassingOrGivingUp) {
  const Fresh fresh;
  for (const std::string command : {"solution", "diff"}) {
    const CommandOutput rejected = heed(fresh, command + " softmax_rows");
    EXPECT_EQ(rejected.status, 1);
    EXPECT_EQ(rejected.out, "");
    expect_has(rejected.err, "02_softmax_rows has not passed yet.");
  }
  const CommandOutput solution = heed(fresh, "solution softmax_rows --give-up");
  EXPECT_EQ(solution.status, 0);
  expect_has(solution.out, "  // solution: ");
  EXPECT_EQ(solution.out.find("// Hints"), std::string::npos);
  EXPECT_TRUE(Progress({"", "", "", fresh.path / ".heed"}).of("02_softmax_rows").gave_up);
  const CommandOutput compared = heed(fresh, "diff softmax_rows");
  EXPECT_EQ(compared.status, 0) << "giving up once is enough";
  expect_has(compared.out, "\n-   todo(\"");
  expect_has(compared.out, "\n+   // solution: ");
  expect_has(compared.out, "\n  namespace heed::exercise {");
}

TEST(CommandLine, ResetRestoresTheStubAndKeepsABackup) {
  const Fresh fresh;
  const fs::path file = fresh.path / "lessons/02_scaled_dot_product_attention/exercises/sdpa.cpp";
  const std::string stub = text_of(file);
  EXPECT_EQ(heed(fresh, "reset sdpa").status, 0);
  EXPECT_FALSE(fs::exists(fresh.path / ".heed/backups")) << "there is nothing to back up";
  std::ofstream(file) << "my work";
  const CommandOutput result = heed(fresh, "reset sdpa");
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(text_of(file), stub);
  int backups = 0;
  for (const auto& backup : fs::directory_iterator(fresh.path / ".heed/backups")) {
    EXPECT_EQ(text_of(backup.path()), "my work");
    expect_has(result.out, backup.path().filename().string());
    ++backups;
  }
  EXPECT_EQ(backups, 1);
  fs::remove(file);
  const CommandOutput gone = heed(fresh, "run sdpa");
  EXPECT_EQ(gone.status, 3);
  expect_has(gone.err, "To restore the stub: heed reset 02_sdpa");
  EXPECT_EQ(heed(fresh, "reset sdpa").status, 0);
  EXPECT_EQ(text_of(file), stub);
}

TEST(CommandLine, ReportsLinesOfTheProgressFileThatItCannotRead) {
  const Fresh fresh;
  fresh.write(".heed/progress", "02_sdpa state=pass\n02_softmax_rows sta");
  const CommandOutput result = heed(fresh, "list --json");
  expect_has(result.err, "progress:2: skipped a line that could not be read: 02_softmax_rows sta");
  EXPECT_EQ(result.json().find("passed")->integer(), 1);
}

TEST(SavedModels, NamesTheCommandThatSavesAModelIfThereIsNone) {
  const Fresh fresh;
  const CommandOutput result = heed(fresh, "look the cat sat");
  EXPECT_EQ(result.status, 3);
  for (const std::string lesson : {"03", "07", "10_bert"})
    expect_has(result.err, "heed lesson " + lesson + " --save " +
                               (fresh.path / ".heed/models/lesson_").string() + lesson + ".safetensors");
}

TEST(SavedModels, RejectsADamagedOrForeignFile) {
  const Fresh fresh;
  const std::string file = fresh.write(".heed/models/a", "not a model").string();
  const auto expect_rejected = [&](const std::string& text) {
    const CommandOutput result = heed(fresh, "look the cat sat");
    EXPECT_EQ(result.status, 3);
    EXPECT_EQ(result.out, "");
    expect_has(result.err, file);
    expect_has(result.err, text);
  };
  expect_rejected("[safetensors]");
  data::save_safetensors(file, {{"w", tensor({{1.0}})}});
  expect_rejected(
      "expected a model that lesson 03, 07, 10_bert saved, got a file without the entry \"lesson\"");
  data::save_safetensors(file, {{"w", tensor({{1.0}})}}, {{"lesson", "lesson_08"}});
  expect_rejected("got \"lesson_08\". To save one: heed lesson 07 --save");
  fs::resize_file(file, fs::file_size(file) - 1);
  expect_rejected("truncated");
  EXPECT_EQ(heed(fresh, "look hi --model /no/model").status, 3);
}

TEST(Doctor, FindsNoProblemOnThisMachine) {
  const Fresh fresh;
  const CommandOutput result = heed(fresh, "doctor --json");
  const Json answer = result.json();
  for (const Json& finding : answer.find("findings")->array())
    EXPECT_TRUE(finding.find("ok")->boolean()) << member(finding, "name") << ": " << member(finding, "text");
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(heed(fresh, "doctor").status, 0);
}

TEST(Doctor, ReportsProblemsWithTheirFixes) {
  const Fresh fresh;
  fs::remove_all(fresh.path / "lessons/02_scaled_dot_product_attention");
  const CommandOutput result = heed(fresh, "doctor", "HEED_ISA=none");
  EXPECT_EQ(result.status, 3);
  expect_has(result.out, "fix: heed reset 02_");
  expect_has(result.out, "fix: unset HEED_ISA");
}

TEST(Doctor, ChecksToolsFoldersAndData) {
  const Scratch scratch;  // tools that do not exist, a state folder that is a file, other digits
  scratch.write("build/CMakeCache.txt",
                "CMAKE_CXX_COMPILER:FILEPATH=/no/compiler\nCMAKE_COMMAND:INTERNAL=/no/cmake\n");
  scratch.write(".heed", "");
  scratch.write("data/digits/digits.csv", "1,2,3\n");
  std::string problems;
  for (const Finding& finding : diagnose(scratch.paths(), {})) {
    EXPECT_EQ(finding.ok, finding.fix.empty()) << finding.name;
    if (!finding.ok) problems += finding.name + ",";
  }
  EXPECT_EQ(problems, "compiler,cmake,build tool,progress,data,");
}

}  // namespace
}  // namespace heed::runner
