// verdict.h — the result of judging an exercise.
#pragma once

#include <optional>
#include <string>

#include "lessons/runner/catalog.h"
#include "lessons/runner/compile_log.h"
#include "lessons/runner/process.h"

namespace heed::runner {

enum class State { todo, compile, crash, timeout, wrong, pass };

const char* name_of(State state);  // "todo"
std::optional<State> state_of(const std::string& name);

struct Verdict {
  State state = State::pass;
  int tests = 0;

  // State compile. missing_function: the file compiles, but defines no function with the declared
  // name and parameters.
  std::optional<Diagnostic> error;
  bool missing_function = false;
  std::string log = {};  // the full output of the build

  // States crash and timeout: a description of the event ("did not finish within 10 seconds").
  std::string ended = {};

  // State todo: the text of todo("…").
  std::string todo = {};

  // State wrong: the mistake if it is known; the call that showed it, the index of the element, and
  // the two values there.
  std::string id = {}, message = {};
  bool certain = false;
  std::string question = {}, index = {}, got = {}, want = {};

  std::optional<Diagnostic> warning;  // the compiler's first warning about the learner's file
  std::string output = {};            // printed by the learner's code
  bool output_cut = false;
  double build_seconds = 0, run_seconds = 0;
};

// Fills in the verdict from how the check's program ended and from its result file: lines
// "key<TAB>value", written by lessons/check/check.cpp. Without the last line, "end<TAB>yes", the
// check did not finish. An exercise passes only if the file says so, the exit status is 0 and all
// of the check's tests were run; throws EnvironmentError if tests are missing. `limit`: the time
// limit in seconds.
void read_result(const Entry& entry, const ProcessResult& process, const std::string& text, double limit,
                 Verdict& verdict);

}  // namespace heed::runner
