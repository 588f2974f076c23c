// judge.h — one exercise judged: the learner's file is read once, copied into the build folder, compiled, run.
#pragma once

#include <functional>
#include <optional>

#include "lessons/runner/catalog.h"
#include "lessons/runner/process.h"
#include "lessons/runner/verdict.h"

namespace heed::runner {

enum class Step {
  waiting,
  preparing,
  compiling,
  running
};  // waiting: another heed judges in this build folder

std::string in_words(Step step);

struct Watching {
  Stop stop = {};                          // true gives the judgement up
  std::function<void(Step)> at_step = {};  // told before each
  std::function<void(int)> at_percent =
      {};  // of what must be built; only where that is more than the learner's file
};

// The verdict on `source`, the text of the learner's file; nothing where `stop` said so. Throws Environment for what is
// not the learner's doing.
std::optional<Verdict> judge(const Places& places, const Entry& entry, const std::string& source,
                             const Watching& watching = {});

struct Building {
  Stop stop = {};
  std::function<void(int)> at_percent = {};
};
// Builds `targets`. Throws Environment where CMake cannot be run; what the compiler says is in the output.
Ended build_targets(const Places& places, const std::vector<std::string>& targets,
                    const Building& building = {});

// Compiles the checks that are not compiled yet, as many at a time as there are processors: what check-all does first.
// False where `stop` said so.
bool prepare_checks(const Places& places, const std::vector<Entry>& entries, const Building& building = {});

// A line of CMake's memory of the build folder: ("CMAKE_GENERATOR") -> "Ninja"; "" where there is none.
std::string cache_value(const Places& places, const std::string& key);

// The text that is compiled in the learner's file's place: its complaints name the learner's path and lines.
std::string judged_text(const std::string& shown_path, const std::string& source);

// How long a check may run: $HEED_TIME_LIMIT seconds, or 10.
double time_limit();

}  // namespace heed::runner
