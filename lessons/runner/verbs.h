// verbs.h — what can be asked of the runner, one function a verb, each with its exit status.
#pragma once

#include <string>
#include <vector>

#include "lessons/runner/session.h"

namespace heed::runner {

constexpr int all_pass = 0, not_all = 1, usage_error = 2, environment_error = 3;

struct Verb {
  std::string name;
  std::string arguments;  // "[ID]", as --help shows them
  std::size_t least, most;
  std::vector<std::string> options;  // that it knows, besides --plain, --lang and --help
  const char* summary;               // words(…)
  int (*act)(Session&);
};
const std::vector<Verb>& verbs();
std::string help();  // of all
std::string help(const Verb& verb);

// In verbs.cpp: judging and looking.
int run(Session& session);
int list(Session& session);
int check_all(Session& session);
// In study_verbs.cpp: what helps to learn.
int hint(Session& session);
int explain(Session& session);
int reset_file(Session& session);
int solution(Session& session);
int show_diff(Session& session);
int lesson(Session& session);
// The program of a lesson: lesson_08 for "8", "08" or "08_vision_transformer"; where several folders share a number, the
// whole name tells which: lesson_10_gpt for "10_gpt". Throws Usage where there is none, or more than one.
std::string lesson_program(const Places& places, const std::string& asked);
// Builds lesson_02 or milestone_04, with progress on a terminal. Throws Environment where that fails.
void build_program(const Session& session, const std::string& target);
// Each in a file of its own.
int watch(Session& session);
int milestone(Session& session);
int doctor(Session& session);

}  // namespace heed::runner
