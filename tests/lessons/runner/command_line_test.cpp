// The runner's command line: what it refuses, what it answers without judging anything.
#include "lessons/runner/command_line.h"

#include "lessons/runner/catalog.h"
#include "lessons/runner/doctor.h"
#include "lessons/runner/progress.h"
#include "lessons/runner/verbs.h"
#include "tests/lessons/runner/scratch.h"

namespace heed::runner {
namespace {

using data::Json;

const Catalog& course() {
  static const Catalog catalog = read_catalog(fs::path(HEED_SOURCE_DIR) / "lessons");
  return catalog;
}

// A scratch folder with every exercise as it is at first.
struct Fresh : Scratch {
  Fresh() {
    for (const Entry& entry : course().exercises)
      write(fs::path("lessons") / entry.folder / "exercises" / (entry.name + ".cpp"),
            text_of(entry.file({HEED_SOURCE_DIR, "", fs::path(HEED_SOURCE_DIR) / "lessons", ""})));
  }
};

TEST(CommandLine, ThatSaysNothingIsNamedAndExitsWith2) {
  const Fresh fresh;
  const auto refused = [&](const std::string& arguments, const std::string& text) {
    const Said said = heed(fresh, arguments);
    EXPECT_EQ(said.status, 2) << arguments;
    EXPECT_EQ(said.out, "") << arguments;
    expect_has(said.err, text);
  };
  refused("lits", "There is no verb \"lits\". Did you mean list?");
  refused("frobnicate", "heed --help lists them.");
  refused("run --fast", "There is no option --fast.");
  refused("list --raw", "list has no use for --raw; it has: heed list --help");
  refused("run 02_sdap", "There is no exercise \"02_sdap\". Did you mean 02_sdpa?");
  refused("run 02_", "may be any of");
  refused("run sdpa extra", "It is: heed run [ID]");
  refused("reset", "It is: heed reset ID");
  refused("explain ZZ-99", "No page tells of a mistake \"ZZ-99\".");
  refused("lesson 77", "There is no lesson \"77\".");
  refused("lesson 10", "There are several lessons 10: 10_bert, ");
  refused("lesson 10_bart", "There are several lessons 10: 10_bert, ");
  refused("milestone 77", "Lesson 77 has no milestone.");
  refused("--lang fr", "--lang wants en or ko, got \"fr\"");
  refused("--lang", "--lang wants en or ko");
}

TEST(CommandLine, AnswersProgramsWithAnObjectEvenWhereItRefuses) {
  const Fresh fresh;
  const Said said = heed(fresh, "run nothing_like_it_at_all --json");
  EXPECT_EQ(said.status, 2);
  EXPECT_EQ(member(said.json(), "error"), "There is no exercise \"nothing_like_it_at_all\".");
}

TEST(CommandLine, HelpNamesEveryVerbInBothLanguagesAndFits80Columns) {
  const Fresh fresh;
  for (const std::string language : {"en", "ko"}) {
    const Said said = heed(fresh, "--help --lang " + language);
    EXPECT_EQ(said.status, 0);
    for (const Verb& verb : verbs()) {
      expect_has(said.out, "\n  " + verb.name);
      const Said one = heed(fresh, verb.name + " --help --lang " + language);
      EXPECT_EQ(one.status, 0);
      for (const std::string& option : verb.options) expect_has(one.out, option);
    }
    EXPECT_EQ(said.err, "");
  }
  EXPECT_NE(heed(fresh, "--help --lang ko").out, heed(fresh, "--help").out);
  EXPECT_EQ(heed(fresh, "--help", "LC_ALL=ko_KR.UTF-8").out, heed(fresh, "--help --lang ko").out);
}

TEST(CommandLine, ListsEveryExercise) {
  const Fresh fresh;
  const Said said = heed(fresh, "list");
  EXPECT_EQ(said.status, 1) << "not all pass";
  for (const Entry& entry : course().exercises) expect_has(said.out, " " + entry.name + " ");
  const Json list = heed(fresh, "list --json").json();
  EXPECT_EQ(list.find("all")->integer(), static_cast<std::int64_t>(course().exercises.size()));
  EXPECT_EQ(list.find("passed")->integer(), 0);
  const Json& first = list.find("exercises")->array()[0];
  EXPECT_EQ(member(first, "id"), course().exercises[0].id);
  EXPECT_TRUE(first.find("current")->boolean());
  EXPECT_EQ(first.find("minutes")->integer(), course().exercises[0].minutes);
}

TEST(CommandLine, HintsGoDeeperAndAreCounted) {
  const Fresh fresh;
  const Entry& entry = course().find("02_sdpa");
  for (int i = 1; i <= 4; ++i) {
    const Said said = heed(fresh, "hint sdpa");
    EXPECT_EQ(said.status, 0);
    expect_has(said.out, "hint " + std::to_string(std::min(i, 3)) + " of 3");
    expect_has(said.out, entry.hints[static_cast<std::size_t>(std::min(i, 3) - 1)].substr(0, 20));
    EXPECT_EQ(Progress({"", "", "", fresh.path / ".heed"}).of("02_sdpa").hints, std::min(i, 3));
  }
  EXPECT_EQ(heed(fresh, "hint sdpa --all --json").json().find("hints")->array().size(), 3U);
  EXPECT_EQ(heed(fresh, "hint softmax_rows --json").json().find("hints")->array().size(), 1U);
}

TEST(CommandLine, ExplainsAMistake) {
  const Fresh fresh;
  const Said said = heed(fresh, "explain sd-01");
  EXPECT_EQ(said.status, 0);
  expect_has(said.out, "SD-01 · ");
  EXPECT_EQ(said.out.find("**"), std::string::npos);
  EXPECT_EQ(member(heed(fresh, "explain SD-01 --json").json(), "id"), "SD-01");
}

TEST(CommandLine, KeepsTheSolutionForThoseWhoPassedOrGaveUp) {
  const Fresh fresh;
  for (const std::string verb : {"solution", "diff"}) {
    const Said refused = heed(fresh, verb + " softmax_rows");
    EXPECT_EQ(refused.status, 1);
    EXPECT_EQ(refused.out, "");
    expect_has(refused.err, "02_softmax_rows has not passed yet.");
  }
  const Said given = heed(fresh, "solution softmax_rows --give-up");
  EXPECT_EQ(given.status, 0);
  EXPECT_EQ(given.out, text_of(fs::path(HEED_SOURCE_DIR) /
                               "lessons/02_scaled_dot_product_attention/solutions/softmax_rows.cpp"));
  EXPECT_TRUE(Progress({"", "", "", fresh.path / ".heed"}).of("02_softmax_rows").gave_up);
  const Said compared = heed(fresh, "diff softmax_rows");
  EXPECT_EQ(compared.status, 0) << "asked for once, it stays open";
  expect_has(compared.out, "\n-   todo(\"");
  expect_has(compared.out, "\n+   // solution: ");
  expect_has(compared.out, "\n  namespace heed::exercise {");
}

TEST(CommandLine, ResetsToTheStubAndKeepsABackup) {
  const Fresh fresh;
  const fs::path file = fresh.path / "lessons/02_scaled_dot_product_attention/exercises/sdpa.cpp";
  const std::string stub = text_of(file);
  EXPECT_EQ(heed(fresh, "reset sdpa").status, 0);
  EXPECT_FALSE(fs::exists(fresh.path / ".heed/backups")) << "nothing to keep";
  std::ofstream(file) << "my work";
  const Said said = heed(fresh, "reset sdpa");
  EXPECT_EQ(said.status, 0);
  EXPECT_EQ(text_of(file), stub);
  int kept = 0;
  for (const auto& backup : fs::directory_iterator(fresh.path / ".heed/backups")) {
    EXPECT_EQ(text_of(backup.path()), "my work");
    expect_has(said.out, backup.path().filename().string());
    ++kept;
  }
  EXPECT_EQ(kept, 1);
  fs::remove(file);
  const Said gone = heed(fresh, "run sdpa");
  EXPECT_EQ(gone.status, 3);
  expect_has(gone.err, "To begin it anew: heed reset 02_sdpa");
  EXPECT_EQ(heed(fresh, "reset sdpa").status, 0);
  EXPECT_EQ(text_of(file), stub);
}

TEST(CommandLine, SaysWhichLinesOfTheProgressItCannotRead) {
  const Fresh fresh;
  fresh.write(".heed/progress", "02_sdpa state=pass\n02_softmax_rows sta");
  const Said said = heed(fresh, "list --json");
  expect_has(said.err, "progress:2: not understood and skipped: 02_softmax_rows sta");
  EXPECT_EQ(said.json().find("passed")->integer(), 1);
}

TEST(Doctor, FindsThisMachineReady) {
  const Fresh fresh;
  const Said said = heed(fresh, "doctor --json");
  const Json answer = said.json();
  for (const Json& finding : answer.find("findings")->array())
    EXPECT_TRUE(finding.find("ok")->boolean()) << member(finding, "name") << ": " << member(finding, "text");
  EXPECT_EQ(said.status, 0);
  EXPECT_EQ(heed(fresh, "doctor").status, 0);
}

TEST(Doctor, NamesWhatIsWrongAndHowToMendIt) {
  const Fresh fresh;
  fs::remove_all(fresh.path / "lessons/02_scaled_dot_product_attention");
  const Said said = heed(fresh, "doctor", "HEED_ISA=none");
  EXPECT_EQ(said.status, 3);
  expect_has(said.out, "to mend it: heed reset 02_");
  expect_has(said.out, "to mend it: unset HEED_ISA");
}

TEST(Doctor, LooksAtToolsFoldersAndData) {
  const Scratch scratch;  // a build folder whose tools are gone, a state folder that is a file, other digits
  scratch.write("build/CMakeCache.txt",
                "CMAKE_CXX_COMPILER:FILEPATH=/no/compiler\nCMAKE_COMMAND:INTERNAL=/no/cmake\n");
  scratch.write(".heed", "");
  scratch.write("data/digits/digits.csv", "1,2,3\n");
  std::string wrong;
  for (const Finding& finding : examine(scratch.places(), {})) {
    EXPECT_EQ(finding.well, finding.fix.empty()) << finding.name;
    if (!finding.well) wrong += finding.name + ",";
  }
  EXPECT_EQ(wrong, "compiler,cmake,build tool,progress,data,");
}

}  // namespace
}  // namespace heed::runner
