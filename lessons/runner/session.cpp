#include "lessons/runner/session.h"

#include "lessons/runner/messages.h"
#include "lessons/runner/stub.h"
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
  const fs::path file = entry.file(places);
  return !fs::exists(file) || fingerprint(read_text(file)) != record.file;
}

std::string learners_text(const Session& session, const Entry& entry) {
  const fs::path file = entry.file(session.places);
  if (!fs::exists(file))
    throw Environment(tr("{1} is not there. To begin it anew: {2}", session.places.shown(file),
                         command("reset " + entry.id)));
  return read_text(file);
}

std::optional<Verdict> judge_and_remember(Session& session, const Entry& entry, const std::string& source,
                                          const Watching& watching) {
  std::optional<Verdict> verdict = judge(session.places, entry, source, watching);
  if (verdict)
    session.progress.update(entry.id, [&](Record& record) {
      record.state = verdict->state;
      record.file = fingerprint(source);
      if (verdict->state == State::pass && record.passed.empty()) record.passed = now_text();
    });
  return verdict;
}

std::string reset(Session& session, const Entry& entry) {
  const fs::path file = entry.file(session.places);
  const std::string stub = stub_of(read_text(entry.solution(session.places)));
  std::string backup;
  if (fs::exists(file)) {
    const std::string before = read_text(file);
    if (before != stub) backup = session.places.shown(back_up(session.places, entry.id, ".cpp", before));
  }
  write_text(file, stub);
  session.progress.update(entry.id, [&](Record& record) {
    record.state = State::todo;
    record.file = fingerprint(stub);
  });
  return backup;
}

}  // namespace heed::runner
