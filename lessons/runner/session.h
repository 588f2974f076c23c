// session.h — what every verb works with, and the one way in which a judgement is made and remembered.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lessons/runner/catalog.h"
#include "lessons/runner/judge.h"
#include "lessons/runner/progress.h"

namespace heed::runner {

struct Options {
  bool json = false, plain = false, raw = false, all = false, give_up = false, mine = false;
};

struct Session {
  Places places;
  Catalog catalog;
  Progress progress;
  Options options;
  std::vector<std::string> arguments;  // of the verb

  // The first that has not passed; null where all have.
  const Entry* current() const;
  // arguments[0] where it is given, else the current one, else the last of all.
  const Entry& chosen() const;
  int passed() const;
  // Whether the file is no longer what was judged last.
  bool changed_since(const Entry& entry, const Record& record) const;
};

// The text of the learner's file. Environment where it is not there, with what to do.
std::string learners_text(const Session& session, const Entry& entry);

// Judges and writes the progress. Nothing where `watching.stop` said so.
std::optional<Verdict> judge_and_remember(Session& session, const Entry& entry, const std::string& source,
                                          const Watching& watching);

// Puts the stub in the learner's file's place and the file into the backups; where that is, or "" where it held nothing
// but the stub.
std::string reset(Session& session, const Entry& entry);

}  // namespace heed::runner
