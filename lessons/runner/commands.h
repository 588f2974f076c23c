// commands.h — the commands of the runner, one function each. Every function returns the exit
// status.
#pragma once

#include <string>
#include <vector>

#include "lessons/runner/session.h"

namespace heed::runner {

constexpr int exit_passed = 0, exit_failed = 1, exit_usage = 2, exit_environment = 3;

struct Command {
  std::string name;
  std::string arguments;  // as --help shows them: "[ID]"
  std::size_t min_arguments, max_arguments;
  std::vector<std::string> options;  // accepted besides --plain, --lang and --help
  const char* summary;               // words("…"), translated when it is printed
  int (*run)(Session&);
};
const std::vector<Command>& commands();
std::string help();
std::string help(const Command& command);

// commands.cpp: judging and listing.
int run(Session& session);
int list(Session& session);
int check_all(Session& session);

// study_commands.cpp: hints, explanations, solutions, lessons.
int hint(Session& session);
int explain(Session& session);
int reset_file(Session& session);
int solution(Session& session);
int show_diff(Session& session);
int lesson(Session& session);

// watch.cpp, milestone.cpp, look.cpp, doctor.cpp, generate.cpp.
int watch(Session& session);
int milestone(Session& session);
int show_attention(Session& session);
int doctor(Session& session);
int generate(Session& session);

// The target of a lesson: "lesson_08" for "8", "08" or "08_vision_transformer". If several folders
// have the same number, the whole name is needed: "lesson_10_gpt" for "10_gpt". Throws UsageError
// if no lesson or several lessons match.
std::string lesson_program(const Paths& paths, const std::string& name);

// Replaces this process with a program of the lessons' build folder; the command's arguments after
// the first are passed to it.
[[noreturn]] void become_program(const Session& session, const std::string& target);

// Builds a target, with progress on a terminal. Throws EnvironmentError if the build fails.
void build_program(const Session& session, const std::string& target);

}  // namespace heed::runner
