// judge.h — judges an exercise: copies the learner's text to the build folder, compiles it and runs
// the check.
#pragma once

#include <functional>
#include <optional>

#include "lessons/runner/catalog.h"
#include "lessons/runner/process.h"
#include "lessons/runner/verdict.h"

namespace heed::runner {

enum class Step {
  waiting,    // another process judges in this build folder
  preparing,  // compiling the check, which is needed once
  compiling,
  running
};
std::string in_words(Step step);

struct BuildCallbacks {
  ShouldStop should_stop = {};
  std::function<void(int)> on_percent = {};  // progress; only called if more than one file must be built
};

struct JudgeCallbacks {
  ShouldStop should_stop = {};
  std::function<void(Step)> on_step = {};  // called before each step
  std::function<void(int)> on_percent = {};
};

// Judges `source`, the text of the learner's file. Returns nothing if should_stop() returned true.
// Throws EnvironmentError for failures that the learner's code did not cause.
std::optional<Verdict> judge(const Paths& paths, const Entry& entry, const std::string& source,
                             const JudgeCallbacks& callbacks = {});

// Builds `targets`. The compiler's messages are in the output. Throws EnvironmentError if CMake
// cannot be run.
ProcessResult build_targets(const Paths& paths, const std::vector<std::string>& targets,
                            const BuildCallbacks& callbacks = {});

// Compiles all missing checks in parallel, before check-all judges one exercise after another.
// Returns false if should_stop() returned true.
bool prepare_checks(const Paths& paths, const std::vector<Entry>& entries,
                    const BuildCallbacks& callbacks = {});

// The value of a CMake cache variable of the build folder, or "" if it is not set.
std::string cache_value(const Paths& paths, const std::string& key);

// The text that is compiled for the learner's file: a #line directive makes the compiler's messages
// name the learner's path and lines.
std::string judged_text(const std::string& shown_path, const std::string& source);

// Seconds that a check may run: $HEED_TIME_LIMIT, or 10.
double time_limit();

}  // namespace heed::runner
