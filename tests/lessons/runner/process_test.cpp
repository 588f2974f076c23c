#include "lessons/runner/process.h"

#include <signal.h>

#include <chrono>
#include <thread>

#include "tests/lessons/runner/scratch.h"

namespace heed::runner {
namespace {

Ended shell(const std::string& script, const Limits& limits = {}, const Stop& stop = {}) {
  return run_process({"sh", "-c", script}, limits, stop);
}

// Whether the process whose number the file holds still runs (one that waits to be buried does not).
bool alive(const fs::path& file) {
  const pid_t pid = std::stoi(text_of(file));
  const auto runs = [&] {
    const std::string stat = text_of("/proc/" + std::to_string(pid) + "/stat");
    return kill(pid, 0) == 0 && stat.find(") Z") == std::string::npos;
  };
  for (int i = 0; i < 50 && runs(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return runs();
}

TEST(Process, KeepsStatusAndOutputInTheOrderOfWriting) {
  const Ended ended = shell("echo one; echo two >&2; echo three; exit 7");
  EXPECT_EQ(ended.how, Ended::How::exited);
  EXPECT_EQ(ended.number, 7);
  EXPECT_EQ(ended.output, "one\ntwo\nthree\n");
  EXPECT_FALSE(ended.cut);
}

TEST(Process, HasNoInput) { EXPECT_EQ(shell("cat; echo end", {.seconds = 5}).output, "end\n"); }

TEST(Process, IsNamedBySignal) {
  const Ended ended = shell("kill -SEGV $$");
  EXPECT_EQ(ended.how, Ended::How::signalled);
  EXPECT_EQ(ended.number, SIGSEGV);
  expect_has(signal_in_words(SIGSEGV), "memory that is not its own");
  expect_has(signal_in_words(SIGUSR1), "signal 10");
}

TEST(Process, ThatDoesNotStartSaysWhy) {
  const Ended ended = run_process({"/no/such/program"}, {});
  EXPECT_EQ(ended.how, Ended::How::not_started);
  EXPECT_EQ(ended.number, ENOENT);
}

TEST(Process, EndsAtItsTimeLimitWithAllThatItStarted) {
  const Scratch scratch;
  const std::string file = (scratch.path / "pid").string();
  const Ended ended = shell("sleep 100 & echo $! > '" + file + "'; trap '' TERM; while :; do :; done",
                            {.seconds = 0.5, .confined = true});
  EXPECT_EQ(ended.how, Ended::How::too_long);
  EXPECT_LT(ended.seconds, 5);
  EXPECT_FALSE(alive(file)) << "its child";
}

TEST(Process, LeavesNobodyBehind) {
  const Scratch scratch;
  const std::string file = (scratch.path / "pid").string();
  const Ended ended = shell("sleep 100 & echo $! > '" + file + "'; echo done");
  EXPECT_EQ(ended.how, Ended::How::exited);
  EXPECT_EQ(ended.output, "done\n");
  EXPECT_LT(ended.seconds, 5) << "a child that holds the output open is not waited for";
  EXPECT_FALSE(alive(file));
}

TEST(Process, KeepsOnlySoMuchOfItsOutput) {
  const Ended ended =
      shell("i=0; while [ $i -lt 2000 ]; do echo 123456789; i=$((i+1)); done", {.kept = 1000});
  EXPECT_EQ(ended.how, Ended::How::exited);
  EXPECT_EQ(ended.output.size(), 1000U);
  EXPECT_TRUE(ended.cut);
}

TEST(Process, ThatPrintsWithoutEndIsEnded) {
  const Ended ended = shell("yes", {.seconds = 60, .kept = 100, .endless = 1 << 20, .confined = true});
  EXPECT_EQ(ended.how, Ended::How::too_much_output);
  EXPECT_EQ(ended.output.size(), 100U);
}

TEST(Process, StopsWhenItIsTold) {
  int asked = 0;
  const Ended ended = shell("sleep 100", {}, [&] { return ++asked > 3; });
  EXPECT_EQ(ended.how, Ended::How::stopped);
  EXPECT_LT(ended.seconds, 5);
}

TEST(Process, ThatWillNotStopIsKilled) {
  const Ended ended = shell("trap '' TERM; while :; do :; done", {}, [] { return true; });
  EXPECT_EQ(ended.how, Ended::How::stopped);
  EXPECT_LT(ended.seconds, 10);
}

TEST(Process, SeesTheVariablesItIsGiven) {
  EXPECT_EQ(shell("echo $HEED_A", {.environment = {"HEED_A=b c"}}).output, "b c\n");
}

TEST(Process, TellsItsOutputAsItComes) {
  std::string heard;
  shell("echo a; echo b", {.kept = 1, .heard = [&](const std::string& piece) { heard += piece; }});
  EXPECT_EQ(heard, "a\nb\n");
}

}  // namespace
}  // namespace heed::runner
