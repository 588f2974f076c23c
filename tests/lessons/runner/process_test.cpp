#include "lessons/runner/process.h"

#include <signal.h>

#include <chrono>
#include <thread>

#include "tests/lessons/runner/scratch.h"

namespace heed::runner {
namespace {

ProcessResult shell(const std::string& script, const Limits& limits = {}, const ShouldStop& stop = {}) {
  return run_process({"sh", "-c", script}, limits, stop);
}

// Whether the process whose id is in the file still runs. A zombie does not count.
bool alive(const fs::path& file) {
  const pid_t pid = std::stoi(text_of(file));
  const auto runs = [&] {
    const std::string stat = text_of("/proc/" + std::to_string(pid) + "/stat");
    return kill(pid, 0) == 0 && stat.find(") Z") == std::string::npos;
  };
  for (int i = 0; i < 50 && runs(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return runs();
}

TEST(Process, ReturnsStatusAndOutputInTheOrderOfWriting) {
  const ProcessResult ended = shell("echo one; echo two >&2; echo three; exit 7");
  EXPECT_EQ(ended.outcome, ProcessResult::Outcome::exited);
  EXPECT_EQ(ended.code, 7);
  EXPECT_EQ(ended.output, "one\ntwo\nthree\n");
  EXPECT_FALSE(ended.cut);
}

TEST(Process, HasNoInput) { EXPECT_EQ(shell("cat; echo end", {.seconds = 5}).output, "end\n"); }

TEST(Process, EndedByASignalReportsIt) {
  const ProcessResult ended = shell("kill -SEGV $$");
  EXPECT_EQ(ended.outcome, ProcessResult::Outcome::signalled);
  EXPECT_EQ(ended.code, SIGSEGV);
  expect_has(signal_in_words(SIGSEGV), "memory that it does not own");
  expect_has(signal_in_words(SIGUSR1), "signal 10");
}

TEST(Process, ThatCannotStartReportsWhy) {
  const ProcessResult ended = run_process({"/no/such/program"}, {});
  EXPECT_EQ(ended.outcome, ProcessResult::Outcome::not_started);
  EXPECT_EQ(ended.code, ENOENT);
}

TEST(Process, IsKilledAtItsTimeLimitWithItsChildren) {
  const Scratch scratch;
  const std::string file = (scratch.path / "pid").string();
  const ProcessResult ended = shell("sleep 100 & echo $! > '" + file + "'; trap '' TERM; while :; do :; done",
                                    {.seconds = 0.5, .confined = true});
  EXPECT_EQ(ended.outcome, ProcessResult::Outcome::timed_out);
  EXPECT_LT(ended.seconds, 5);
  EXPECT_FALSE(alive(file)) << "its child";
}

TEST(Process, LeavesNoChildrenBehind) {
  const Scratch scratch;
  const std::string file = (scratch.path / "pid").string();
  const ProcessResult ended = shell("sleep 100 & echo $! > '" + file + "'; echo done");
  EXPECT_EQ(ended.outcome, ProcessResult::Outcome::exited);
  EXPECT_EQ(ended.output, "done\n");
  EXPECT_LT(ended.seconds, 5) << "it must not wait for a child that keeps the output open";
  EXPECT_FALSE(alive(file));
}

TEST(Process, KeepsALimitedAmountOfOutput) {
  const ProcessResult ended =
      shell("i=0; while [ $i -lt 2000 ]; do echo 123456789; i=$((i+1)); done", {.keep_bytes = 1000});
  EXPECT_EQ(ended.outcome, ProcessResult::Outcome::exited);
  EXPECT_EQ(ended.output.size(), 1000U);
  EXPECT_TRUE(ended.cut);
}

TEST(Process, ThatPrintsTooMuchIsKilled) {
  const ProcessResult ended =
      shell("yes", {.seconds = 60, .keep_bytes = 100, .kill_after_bytes = 1 << 20, .confined = true});
  EXPECT_EQ(ended.outcome, ProcessResult::Outcome::too_much_output);
  EXPECT_EQ(ended.output.size(), 100U);
}

TEST(Process, StopsOnRequest) {
  int parsed = 0;
  const ProcessResult ended = shell("sleep 100", {}, [&] { return ++parsed > 3; });
  EXPECT_EQ(ended.outcome, ProcessResult::Outcome::stopped);
  EXPECT_LT(ended.seconds, 5);
}

TEST(Process, ThatIgnoresTheRequestIsKilled) {
  const ProcessResult ended = shell("trap '' TERM; while :; do :; done", {}, [] { return true; });
  EXPECT_EQ(ended.outcome, ProcessResult::Outcome::stopped);
  EXPECT_LT(ended.seconds, 10);
}

TEST(Process, HasTheEnvironmentOfItsLimits) {
  EXPECT_EQ(shell("echo $HEED_A", {.environment = {"HEED_A=b c"}}).output, "b c\n");
}

TEST(Process, ReportsOutputAsItArrives) {
  std::string heard;
  shell("echo a; echo b", {.keep_bytes = 1, .on_output = [&](const std::string& piece) { heard += piece; }});
  EXPECT_EQ(heard, "a\nb\n");
}

}  // namespace
}  // namespace heed::runner
