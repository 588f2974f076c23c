// session.h — the state that every command uses, and the functions that judge an exercise and
// record the result.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lessons/runner/catalog.h"
#include "lessons/runner/judge.h"
#include "lessons/runner/progress.h"

namespace heed::runner {

struct Options {
  bool json = false, plain = false, raw = false, all = false, give_up = false, mine = false, force = false;
  std::string model, layer, head, svg;  // empty if they were not given
};

struct Session {
  Paths paths;
  Catalog catalog;
  Progress progress;
  Options options;
  std::vector<std::string> arguments;  // of the command

  // The first exercise that has not passed; null if all have.
  const Entry* current() const;
  // The exercise named by arguments[0]; without arguments the current one, or the last one if all
  // have passed.
  const Entry& chosen() const;
  int passed() const;
  // Whether the file differs from the text that was judged last.
  bool changed_since(const Entry& entry, const Record& record) const;
};

// Reads the learner's file. Throws EnvironmentError if it does not exist.
std::string learners_text(const Session& session, const Entry& entry);

// Judges the exercise and writes the result to the progress file. Returns nothing if the callbacks
// stopped it.
std::optional<Verdict> judge_and_record(Session& session, const Entry& entry, const std::string& source,
                                        const JudgeCallbacks& callbacks);

// Replaces the learner's file with the stub. Returns the path of the backup, or "" if the file did
// not exist or was the stub already.
std::string reset(Session& session, const Entry& entry);

}  // namespace heed::runner
