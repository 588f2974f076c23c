// verdict.h — what came of judging one exercise.
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

  // compile
  std::optional<Complaint> error;
  bool missing_function =
      false;             // it compiled, but the check found no function of that name with those parameters
  std::string log = {};  // all that the compiler said

  // crash, timeout: in words
  std::string ended = {};

  // todo: what is to be written. wrong: the mistake where it is known, the question it was seen at, the two numbers.
  std::string todo = {};
  std::string id = {}, message = {};
  bool certain = false;
  std::string question = {}, place = {}, got = {}, want = {};

  std::optional<Complaint> warning;  // the compiler's first about the learner's file
  std::string output = {};           // what the learner's own code printed
  bool output_cut = false;
  double build_seconds = 0, run_seconds = 0;
};

// Reads how the check's program ended and what it wrote, a "key<TAB>value" a line (lessons/check/check.cpp): without the
// last line, "end<TAB>yes", it came to no end. A pass is what says so, ends with status 0, and ran every test that
// hints.md promises: fewer would be a hole in the check, and Environment is thrown. `limit`: the seconds it had.
void read_result(const Entry& entry, const Ended& ended, const std::string& text, double limit,
                 Verdict& verdict);

}  // namespace heed::runner
