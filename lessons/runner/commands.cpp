#include "lessons/runner/commands.h"

#include <iostream>

#include "lessons/runner/messages.h"
#include "lessons/runner/report.h"
#include "lessons/runner/signals.h"
#include "lessons/runner/text.h"
#include "lessons/support/lesson.h"
#include "lessons/support/terminal.h"

namespace heed::runner {

namespace {

// A line that is overwritten on a terminal. Prints nothing elsewhere, so piped output contains only
// the result.
class StatusLine {
 public:
  explicit StatusLine(const Session& session)
      : enabled_(lessons::is_terminal() && !session.options.json && !session.options.plain) {}
  ~StatusLine() { clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;
  void show(const std::string& text) const {
    if (enabled_) std::cout << "\r" << shortened(text, 78) << "\033[K" << std::flush;
  }
  void clear() const {
    if (enabled_) std::cout << "\r\033[K" << std::flush;
  }

 private:
  bool enabled_;
};

JudgeCallbacks callbacks_for(const StatusLine& line) {
  return {.should_stop = [] { return caught_signal() != 0; },
          .on_step = [&line](Step step) { line.show(in_words(step)); },
          .on_percent =
              [&line](int percent) { line.show(in_words(Step::preparing) + concat("  ", percent, " %")); }};
}

JsonObject json_entry(const Session& session, const Entry& entry) {
  const Record record = session.progress.of(entry.id);
  JsonObject object;
  object.add("id", entry.id).add("title", entry.title).add("lesson", entry.folder);
  object.add("file", session.paths.display(entry.file(session.paths)));
  object.add("minutes", entry.minutes).add("difficulty", entry.difficulty).add("after", entry.after);
  object.add("state", name_of(record.state)).add("changed", session.changed_since(entry, record));
  object.add_if("passed", record.passed).add("hints", record.hints).add("gave_up", record.gave_up);
  return object.add("current", &entry == session.current());
}

// "▸ ✗ softmax_rows              10 min ●○○  wrong · Turn each row of scores into a probability
// dist…"
Line list_line(const Session& session, const Entry& entry) {
  const Record record = session.progress.of(entry.id);
  const bool judged = !record.file.empty(), changed = session.changed_since(entry, record);
  std::string text = lessons::cells({&entry == session.current() ? "▸" : "", mark(record.state), entry.name,
                                     concat(entry.minutes), " " + tr("min"), entry.stars()},
                                    {-2, -2, -22, 4, -6, -3}) +
                     "  ";
  if (judged && record.state != State::pass && record.state != State::todo)
    text += in_words(record.state) + " · ";
  if (judged && changed) text += tr("edited since") + " · ";
  return {shortened(text + entry.title, 80), judged ? style_of(record.state) : Line::Style::plain};
}

}  // namespace

int run(Session& session) {
  const Entry& entry = session.chosen();
  const std::string source = learners_text(session, entry);
  std::optional<Verdict> verdict;
  {
    const StatusLine line(session);
    verdict = judge_and_record(session, entry, source, callbacks_for(line));
  }
  if (!verdict) return 128 + caught_signal();
  if (session.options.json) {
    std::cout << json_report(session.paths, entry, *verdict, source).text() << "\n";
  } else {
    std::cout << styled(report(session.paths, entry, *verdict, source));
    if (session.options.raw) std::cout << "\n" << verdict->log;
  }
  return verdict->state == State::pass ? exit_passed : exit_failed;
}

int list(Session& session) {
  const int passed = session.passed(), all = static_cast<int>(session.catalog.exercises.size());
  if (session.options.json) {
    std::vector<JsonObject> entries;
    for (const Entry& entry : session.catalog.exercises) entries.push_back(json_entry(session, entry));
    std::cout << JsonObject().add("passed", passed).add("all", all).add("exercises", entries).text() << "\n";
    return passed == all ? exit_passed : exit_failed;
  }
  std::string folder;
  for (const Entry& entry : session.catalog.exercises) {
    if (entry.folder != folder)
      std::cout << (folder.empty() ? "" : "\n") << lessons::bold(entry.folder) << "\n";
    folder = entry.folder;
    std::cout << styled(list_line(session, entry)) << "\n";
  }
  std::cout << "\n" << tr("{1} of {2} exercises pass.", passed, all);
  if (const Entry* current = session.current()) std::cout << " " << tr("Next: {1}", current->id);
  std::cout << "\n";
  return passed == all ? exit_passed : exit_failed;
}

int check_all(Session& session) {
  const auto& all = session.catalog.exercises;
  std::vector<JsonObject> reports;
  int passed = 0;
  const StatusLine line(session);
  JudgeCallbacks callbacks = callbacks_for(line);
  if (!prepare_checks(session.paths, all, {callbacks.should_stop, callbacks.on_percent}))
    return 128 + caught_signal();
  for (const Entry& entry : all) {
    const std::string start = concat(session.catalog.index(entry) + 1, "/", all.size(), "  ", entry.id);
    callbacks.on_step = [&](Step step) { line.show(start + "  " + in_words(step)); };
    const std::string source = learners_text(session, entry);
    const std::optional<Verdict> verdict = judge_and_record(session, entry, source, callbacks);
    if (!verdict) return 128 + caught_signal();
    passed += verdict->state == State::pass;
    line.clear();
    if (session.options.json)
      reports.push_back(json_report(session.paths, entry, *verdict, source));
    else
      std::cout << styled(report(session.paths, entry, *verdict, source, 0).front()) << std::endl;
  }
  const int count = static_cast<int>(all.size());
  if (session.options.json)
    std::cout << JsonObject().add("passed", passed).add("all", count).add("exercises", reports).text()
              << "\n";
  else
    std::cout << "\n" << tr("{1} of {2} exercises pass.", passed, count) << "\n";
  return passed == count ? exit_passed : exit_failed;
}

}  // namespace heed::runner
