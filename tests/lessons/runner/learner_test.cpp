// Simulates a learner who goes through the whole course with the real runner. Every exercise is
// judged as a stub, with a mistake that must be named, with a compiler error, and as the solution.
#include <cstdlib>
#include <iostream>
#include <regex>
#include <string>
#include <vector>

#include "lessons/runner/catalog.h"
#include "lessons/runner/exercise_file.h"
#include "lessons/runner/text.h"
#include "tests/lessons/runner/scratch.h"

namespace heed::runner {
namespace {

using data::Json;

const Catalog& course() {
  static const Catalog catalog = read_catalog(fs::path(HEED_SOURCE_DIR) / "lessons");
  return catalog;
}

Paths paths() { return {HEED_SOURCE_DIR, "", fs::path(HEED_SOURCE_DIR) / "lessons", ""}; }
std::string solution_of(const Entry& entry) { return text_of(entry.solution(paths())); }

// The lines between "// solution:" and "// end"; without these comments, all code after the
// includes.
std::string body_of(const std::string& solution) {
  const std::string code = without_hints(solution);
  const std::size_t marked = code.find("// solution: ");
  if (marked == std::string::npos) return code.substr(code.find("namespace heed::exercise {"));
  const std::size_t begin = code.find('\n', marked) + 1;
  return code.substr(begin, code.find("// end") - begin);
}

// The solution with `text` in place of its body.
std::string with_body(const Entry& entry, const std::string& text) {
  std::string solution = solution_of(entry);
  const std::string body = body_of(solution);
  return solution.replace(solution.find(body), body.size(), text);
}

// An edit of a solution that makes a known mistake.
struct WrongEdit {
  std::string find, replace, mistake;
};
// Reads the edits at the end of an exercise's check: // wrong edit VI-05: `{first, x}` => `{x, first}`
std::vector<WrongEdit> wrong_edits(const Entry& entry) {
  static const std::regex form("// wrong edit (\\S+): `(.+)` => `(.*)`");
  std::vector<WrongEdit> edits;
  const fs::path check =
      fs::path(HEED_SOURCE_DIR) / "lessons" / entry.folder / "checks" / (entry.name + ".cpp");
  for (const std::string& line : lines_of(text_of(check.string()))) {
    std::smatch parts;
    if (std::regex_match(line, parts, form)) edits.push_back({parts[2], parts[3], parts[1]});
  }
  return edits;
}

class Learner : public Scratch {
 public:
  // Saves the file and judges it.
  Json save(const Entry& entry, const std::string& text, int status, const std::string& environment = "") {
    write(fs::path("lessons") / entry.folder / "exercises" / (entry.name + ".cpp"), text);
    const CommandOutput result = heed(*this, "run " + entry.id + " --json", environment);
    EXPECT_EQ(result.status, status) << entry.id << ": " << result.out << result.err;
    EXPECT_EQ(result.err, "");
    if (result.out.empty()) return Json::parse("{}", "nothing");
    Json answer = result.json();
    EXPECT_TRUE(status == 3 || member(answer, "id") == entry.id);
    return answer;
  }
};

TEST(Learner, CompletesTheWholeCourse) {
  Learner learner;
  for (const Entry& entry : course().exercises) {
    SCOPED_TRACE(entry.id);
    const std::string solution = solution_of(entry), stub = stub_of(solution);
    const bool solved = stub == without_hints(solution);  // the first exercise
    const Json first = learner.save(entry, stub, solved ? 0 : 1);
    EXPECT_EQ(member(first, "state"), solved ? "pass" : "todo");
    EXPECT_EQ(first.find("warning"), nullptr) << "a stub compiles without a warning";

    const std::vector<WrongEdit> edits = wrong_edits(entry);
    EXPECT_FALSE(edits.empty()) << "the check ends without a \"wrong edit\"";
    for (const WrongEdit& edit : edits) {
      std::string wrong = body_of(solution);
      const std::size_t position = wrong.find(edit.find);
      ASSERT_NE(position, std::string::npos) << edit.find;
      wrong.replace(position, edit.find.size(), edit.replace);
      const Json answer = learner.save(entry, with_body(entry, wrong), 1);
      EXPECT_EQ(member(answer, "state"), "wrong");
      EXPECT_EQ(member(answer, "mistake"), edit.mistake) << member(answer, "message");
      EXPECT_TRUE(answer.find("certain") && answer.find("certain")->boolean());
      EXPECT_NE(member(answer, "message"), "");
      EXPECT_EQ(heed(learner, "explain " + edit.mistake).status, 0) << edit.mistake << " has no page";
    }

    const Json slip = learner.save(entry, solution + "#error a slip\n", 1);
    EXPECT_EQ(member(slip, "state"), "compile");
    expect_has(member(*slip.find("error"), "text"), "a slip");
    EXPECT_EQ(slip.find("error")->find("line")->integer(),
              static_cast<std::int64_t>(lines_of(solution).size() + 1));

    EXPECT_EQ(member(learner.save(entry, solution, 0), "state"), "pass");
    std::cout << entry.id << std::endl;  // shows progress
  }
  const CommandOutput list = heed(learner, "list --json");
  EXPECT_EQ(list.status, 0) << list.out;
  const Json all = list.json();
  EXPECT_EQ(all.find("passed")->integer(), all.find("all")->integer());
  for (const Json& exercise : all.find("exercises")->array()) {
    EXPECT_EQ(member(exercise, "state"), "pass");
    EXPECT_NE(member(exercise, "passed"), "");
    EXPECT_FALSE(exercise.find("changed")->boolean());
  }
}

// Only in CI: elsewhere the files may contain a learner's work.
TEST(Learner, BeginsWithStubsThatAreTheSolutionsWithoutTheirBodies) {
  if (!std::getenv("CI")) GTEST_SKIP() << "the exercises may contain a learner's work";
  for (const Entry& entry : course().exercises)
    EXPECT_EQ(
        read_text(fs::path(HEED_SOURCE_DIR) / "lessons" / entry.folder / "exercises" / (entry.name + ".cpp")),
        stub_of(solution_of(entry)))
        << entry.id;
}

const Entry& entry() { return course().find("02_softmax_rows"); }

TEST(Learner, SeesEveryOtherKindOfFailure) {
  Learner learner;
  const auto judged = [&](const std::string& body, const std::string& environment = "") {
    return learner.save(entry(), with_body(entry(), "  " + body + "\n  return scores;\n"), 1, environment);
  };
  const Json endless = judged("for (volatile int i = 0; i < 1;) {}", "HEED_TIME_LIMIT=1");
  EXPECT_EQ(member(endless, "state"), "timeout");
  EXPECT_EQ(member(endless, "ended"), "did not finish within 1 seconds");
  EXPECT_NE(member(endless, "question"), "");

  const Json null = judged("std::puts(\"before\"); *static_cast<volatile int*>(nullptr) = 1;");
  EXPECT_EQ(member(null, "state"), "crash");
  EXPECT_NE(member(null, "ended"), "");
  EXPECT_NE(member(null, "question"), "");
  expect_has(member(null, "output"), "before");

  const Json left = judged("std::exit(0);");
  EXPECT_EQ(member(left, "state"), "crash") << "exiting early must not pass";
  expect_has(member(left, "ended"), "exited with status 0 before the check finished");

  const Json deep = judged("volatile int i = 1; if (i) return softmax_rows(scores + 1.0) + 1.0;");
  EXPECT_EQ(member(deep, "state"), "crash");

  const Json loud = judged("while (true) std::puts(\"without end\");", "HEED_TIME_LIMIT=100");
  EXPECT_EQ(member(loud, "state"), "timeout");
  EXPECT_EQ(member(loud, "ended"), "printed too much output");
  EXPECT_TRUE(loud.find("output_cut")->boolean());

  const Json thrown = judged("throw std::runtime_error(\"mine\");");
  EXPECT_EQ(member(thrown, "state"), "wrong");
  expect_has(member(thrown, "got"), "mine");

  const Json warned = judged("int unused = 1;");
  EXPECT_EQ(member(warned, "state"), "wrong");
  EXPECT_EQ(member(warned, "mistake"), "SD-08");
  expect_has(member(*warned.find("warning"), "text"), "unused variable 'unused'");
}

TEST(Learner, SeesThatTheParametersMustNotChange) {
  Learner learner;
  std::string changed = solution_of(entry());
  const std::string parameters = "softmax_rows(const Tensor& scores)";
  changed.replace(changed.find(parameters), parameters.size(), "softmax_rows(const Tensor& scores, int)");
  const Json answer = learner.save(entry(), changed, 1);
  EXPECT_EQ(member(answer, "state"), "compile");
  EXPECT_EQ(member(answer, "declaration"), "Tensor softmax_rows(const Tensor& scores);");
  expect_has(heed(learner, "run softmax_rows").out, "Do not\n  change its declaration:");
  expect_has(heed(learner, "run softmax_rows --raw").out, "heed::exercise::softmax_rows(");
}

// Errors name the learner's file by a path that an editor can open.
TEST(Learner, SeesErrorsByPathAndLine) {
  Learner learner;
  const std::string file =
      (learner.path / "lessons" / entry().folder / "exercises/softmax_rows.cpp").string();
  learner.save(entry(), with_body(entry(), "  return retrun;\n"), 1);
  const CommandOutput result = heed(learner, "run softmax_rows");
  expect_has(result.out, "✗ 02_softmax_rows: does not compile\n");
  expect_has(result.out, file + ":");
  expect_has(result.out, " |   return retrun;\n");
  expect_has(result.out, "retrun");
}

TEST(Learner, SeesTheNextStepsWithoutATerminal) {
  Learner learner;
  learner.write(fs::path("lessons") / course().exercises[0].folder / "exercises" /
                    (course().exercises[0].name + ".cpp"),
                solution_of(course().exercises[0]));
  const CommandOutput result = heed(learner, "");
  EXPECT_EQ(result.status, 0) << result.err;
  expect_has(result.out, "In a terminal, heed watches this file");
  expect_has(result.out, "✓ " + course().exercises[0].id + ": pass");
  expect_has(result.out, "heed hint " + course().exercises[0].id);
}

TEST(Learner, BuildsMilestonesFromOwnParts) {
  for (const std::string number : {"04", "05", "08", "10"}) {
    Learner learner;
    std::vector<std::string> parts =
        words_of(text_of(fs::path(HEED_RUNNER).parent_path() / "judged" / ("milestone_" + number + ".txt")));
    ASSERT_GE(parts.size(), 4U) << number;
    for (const std::string& id : parts) {
      const Entry& part = course().find(id);
      const std::string text = id == parts.back() ? stub_of(solution_of(part)) : solution_of(part);
      learner.write(fs::path("lessons") / part.folder / "exercises" / (part.name + ".cpp"), text);
    }
    const CommandOutput result = heed(learner, "milestone " + number + " --mine --help");
    EXPECT_EQ(result.status, 0) << result.err;
    for (const std::string& id : parts)
      expect_has(result.out, id == parts.back() ? "  ours   " + id + " (yours: not written yet)\n"
                                                : "✓ yours  " + id + "\n");
    expect_has(result.out, "milestone_" + number + ": ");  // the program's own --help: it was built and runs
  }
}

}  // namespace
}  // namespace heed::runner
