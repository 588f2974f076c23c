#include "lessons/runner/verbs.h"

#include <iostream>

#include "lessons/runner/messages.h"
#include "lessons/runner/report.h"
#include "lessons/runner/signals.h"
#include "lessons/runner/text.h"
#include "lessons/support/lesson.h"
#include "lessons/support/terminal.h"

namespace heed::runner {

namespace {

// One line that moves, on a terminal; silence elsewhere, so that what is piped is the answer alone.
class Moving {
 public:
  explicit Moving(const Session& session)
      : on_(lessons::is_terminal() && !session.options.json && !session.options.plain) {}
  ~Moving() { clear(); }
  Moving(const Moving&) = delete;
  Moving& operator=(const Moving&) = delete;
  void show(const std::string& text) const {
    if (on_) std::cout << "\r" << shortened(text, 78) << "\033[K" << std::flush;
  }
  void clear() const {
    if (on_) std::cout << "\r\033[K" << std::flush;
  }

 private:
  bool on_;
};

Watching shown_on(const Moving& line) {
  return {[] { return caught_signal() != 0; }, [&line](Step step) { line.show(in_words(step)); },
          [&line](int percent) { line.show(in_words(Step::preparing) + concat("  ", percent, " %")); }};
}

JsonObject json_entry(const Session& session, const Entry& entry) {
  const Record record = session.progress.of(entry.id);
  JsonObject object;
  object.add("id", entry.id).add("title", entry.title).add("lesson", entry.folder);
  object.add("file", session.places.shown(entry.file(session.places)));
  object.add("minutes", entry.minutes).add("difficulty", entry.difficulty).add("after", entry.after);
  object.add("state", name_of(record.state)).add("changed", session.changed_since(entry, record));
  object.add_if("passed", record.passed).add("hints", record.hints).add("gave_up", record.gave_up);
  return object.add("current", &entry == session.current());
}

// "▸ ✗ softmax_rows              10 min ●○○  wrong · Turn each row of scores into shares of one w…"
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
  return {shortened(text + entry.title, 80), judged ? look_of(record.state) : Line::Look::plain};
}

}  // namespace

std::string in_words(Step step) {
  switch (step) {
    case Step::waiting:
      return tr("waiting for another heed that works in this folder…");
    case Step::preparing:
      return tr("preparing this exercise's check (once)…");
    case Step::compiling:
      return tr("compiling…");
    case Step::running:
      return tr("running…");
  }
  return "";
}

int run(Session& session) {
  const Entry& entry = session.chosen();
  const std::string source = learners_text(session, entry);
  std::optional<Verdict> verdict;
  {
    const Moving line(session);
    verdict = judge_and_remember(session, entry, source, shown_on(line));
  }
  if (!verdict) return 128 + caught_signal();
  if (session.options.json) {
    std::cout << json_report(session.places, entry, *verdict, source).text() << "\n";
  } else {
    std::cout << shown(report(session.places, entry, *verdict, source));
    if (session.options.raw) std::cout << "\n" << verdict->log;
  }
  return verdict->state == State::pass ? all_pass : not_all;
}

int list(Session& session) {
  const int passed = session.passed(), all = static_cast<int>(session.catalog.exercises.size());
  if (session.options.json) {
    std::vector<JsonObject> entries;
    for (const Entry& entry : session.catalog.exercises) entries.push_back(json_entry(session, entry));
    std::cout << JsonObject().add("passed", passed).add("all", all).add("exercises", entries).text() << "\n";
    return passed == all ? all_pass : not_all;
  }
  std::string lesson;
  for (const Entry& entry : session.catalog.exercises) {
    if (entry.folder != lesson)
      std::cout << (lesson.empty() ? "" : "\n") << lessons::bold(entry.folder) << "\n";
    lesson = entry.folder;
    std::cout << shown(list_line(session, entry)) << "\n";
  }
  std::cout << "\n" << tr("{1} of {2} pass.", passed, all);
  if (const Entry* current = session.current()) std::cout << " " << tr("Next: {1}", current->id);
  std::cout << "\n";
  return passed == all ? all_pass : not_all;
}

int check_all(Session& session) {
  const auto& all = session.catalog.exercises;
  std::vector<JsonObject> reports;
  int passed = 0;
  const Moving line(session);
  Watching watching = shown_on(line);
  if (!prepare_checks(session.places, all, {watching.stop, watching.at_percent}))
    return 128 + caught_signal();
  for (const Entry& entry : all) {
    const std::string at = concat(session.catalog.index(entry) + 1, "/", all.size(), "  ", entry.id);
    watching.at_step = [&](Step step) { line.show(at + "  " + in_words(step)); };
    const std::string source = learners_text(session, entry);
    const std::optional<Verdict> verdict = judge_and_remember(session, entry, source, watching);
    if (!verdict) return 128 + caught_signal();
    passed += verdict->state == State::pass;
    line.clear();
    if (session.options.json)
      reports.push_back(json_report(session.places, entry, *verdict, source));
    else
      std::cout << shown(report(session.places, entry, *verdict, source, 0).front()) << std::endl;
  }
  const int count = static_cast<int>(all.size());
  if (session.options.json)
    std::cout << JsonObject().add("passed", passed).add("all", count).add("exercises", reports).text()
              << "\n";
  else
    std::cout << "\n" << tr("{1} of {2} pass.", passed, count) << "\n";
  return passed == count ? all_pass : not_all;
}

}  // namespace heed::runner
