#include "lessons/runner/session.h"

#include "lessons/runner/exercise_file.h"
#include "lessons/runner/messages.h"
#include "lessons/runner/text.h"

namespace heed::runner {

const Entry* Session::current() const {
  for (const Entry& entry : catalog.exercises)
    if (progress.of(entry.id).state != State::pass) return &entry;
  return nullptr;
}

const Entry& Session::chosen() const {
  if (!arguments.empty()) return catalog.find(arguments[0]);
  const Entry* first = current();
  return first ? *first : catalog.exercises.back();
}

int Session::passed() const {
  int n = 0;
  for (const Entry& entry : catalog.exercises) n += progress.of(entry.id).state == State::pass;
  return n;
}

bool Session::changed_since(const Entry& entry, const Record& record) const {
  if (record.file.empty()) return false;
  const fs::path file = entry.file(paths);
  return !fs::exists(file) || fingerprint(read_text(file)) != record.file;
}

std::string learners_text(const Session& session, const Entry& entry) {
  const fs::path file = entry.file(session.paths);
  if (!fs::exists(file))
    throw EnvironmentError(tr("{1} does not exist. To restore the stub: {2}", session.paths.display(file),
                              invocation("reset " + entry.id)));
  return read_text(file);
}

std::optional<Verdict> judge_and_record(Session& session, const Entry& entry, const std::string& source,
                                        const JudgeCallbacks& callbacks) {
  std::optional<Verdict> verdict = judge(session.paths, entry, source, callbacks);
  if (verdict)
    session.progress.update(entry.id, [&](Record& record) {
      record.state = verdict->state;
      record.file = fingerprint(source);
      if (verdict->state == State::pass && record.passed.empty()) record.passed = now_text();
    });
  return verdict;
}

std::string reset(Session& session, const Entry& entry) {
  const fs::path file = entry.file(session.paths);
  const std::string stub = stub_of(read_text(entry.solution(session.paths)));
  std::string backup;
  if (fs::exists(file)) {
    const std::string before = read_text(file);
    if (before != stub) backup = session.paths.display(back_up(session.paths, entry.id, ".cpp", before));
  }
  write_text(file, stub);
  session.progress.update(entry.id, [&](Record& record) {
    record.state = State::todo;
    record.file = fingerprint(stub);
  });
  return backup;
}

}  // namespace heed::runner
