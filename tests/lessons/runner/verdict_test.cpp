#include "lessons/runner/verdict.h"

#include "tests/lessons/runner/scratch.h"

namespace heed::runner {
namespace {

const std::string passed = "exercise\t02_sdpa\ntests\t4\nstate\tpass\nend\tyes\n";

Entry sdpa() {
  Entry entry;
  entry.id = "02_sdpa";
  entry.folder = "02_x";
  entry.name = "sdpa";
  entry.tests = 4;
  return entry;
}

Verdict read(const ProcessResult& ended, const std::string& text) {
  Verdict verdict;
  read_result(sdpa(), ended, text, 10, verdict);
  return verdict;
}
ProcessResult exited(int status) { return {ProcessResult::Outcome::exited, status}; }

TEST(Verdict, IsPassIfTheCheckPassed) {
  const Verdict verdict = read(exited(0), passed);
  EXPECT_EQ(verdict.state, State::pass);
  EXPECT_EQ(verdict.tests, 4);
}

TEST(Verdict, IsCrashIfTheProgramFailsAfterwards) {
  const Verdict status = read(exited(23), passed);
  EXPECT_EQ(status.state, State::crash);
  expect_has(status.ended, "exited with status 23 after its last answer");
  EXPECT_EQ(read({ProcessResult::Outcome::signalled, 11}, passed).state, State::crash);
}

TEST(Verdict, RequiresTheLastLineOfTheResult) {
  for (std::size_t cut = 0; cut + 1 < passed.size(); ++cut) {
    const Verdict verdict = read(exited(0), passed.substr(0, cut));
    EXPECT_EQ(verdict.state, State::crash) << "cut at " << cut;
  }
  const Verdict open = read({ProcessResult::Outcome::signalled, 11}, "asking\tsdpa(q, k, v)\n");
  EXPECT_EQ(open.question, "sdpa(q, k, v)");
  expect_has(open.ended, "SIGSEGV");
  EXPECT_EQ(read({ProcessResult::Outcome::timed_out, 0}, "").state, State::timeout);
  EXPECT_EQ(read({ProcessResult::Outcome::too_much_output, 0}, "").state, State::timeout);
}

// If tests are missing, the course files are broken: the exercise must not pass.
TEST(Verdict, ThrowsIfTestsAreMissing) {
  std::string fewer = passed;
  fewer.replace(fewer.find("tests\t4"), 7, "tests\t3");
  try {
    read(exited(0), fewer);
    ADD_FAILURE() << "expected EnvironmentError";
  } catch (const EnvironmentError& error) {
    expect_has(error.what(), "expected 4 tests, got 3 of \"02_sdpa\".");
  }
  std::string other = passed;
  other.replace(other.find("02_sdpa"), 7, "02_rows");
  EXPECT_THROW(read(exited(0), other), EnvironmentError) << "the check of another exercise";
}

TEST(Verdict, ContainsTheMistakeIfItIsKnown) {
  const std::string start = "exercise\t02_sdpa\ntests\t4\nstate\twrong\n",
                    rest = "question\tf(1)\nindex\t[0]\ngot\t1\nwant\t2\nend\tyes\n";
  const Verdict named = read(exited(1), start + "id\tSD-01\nmessage\tm\ncertain\tyes\n" + rest);
  EXPECT_EQ(named.state, State::wrong);
  EXPECT_EQ(named.id, "SD-01");
  EXPECT_TRUE(named.certain);
  EXPECT_EQ(named.index + named.got + named.want, "[0]12");
  EXPECT_FALSE(read(exited(1), start + "id\tSD-01\nmessage\tm\ncertain\tno\n" + rest).certain);
  EXPECT_EQ(read(exited(1), start + "broken\tmust hold\n" + rest).message, "must hold");
  EXPECT_EQ(read(exited(1), start + rest).message, "");
}

TEST(Verdict, HasANameForEveryState) {
  for (const State state :
       {State::todo, State::compile, State::crash, State::timeout, State::wrong, State::pass})
    EXPECT_EQ(state_of(name_of(state)), state);
  EXPECT_FALSE(state_of("passed").has_value());
}

}  // namespace
}  // namespace heed::runner
