// The verbs that help to learn: hints, pages, solutions, a fresh start, the lessons themselves.
#include <algorithm>
#include <iostream>

#include "lessons/runner/diff.h"
#include "lessons/runner/file_lock.h"
#include "lessons/runner/messages.h"
#include "lessons/runner/report.h"
#include "lessons/runner/signals.h"
#include "lessons/runner/text.h"
#include "lessons/runner/verbs.h"
#include "lessons/support/terminal.h"

namespace heed::runner {

namespace {

// A page of Markdown as a terminal shows it: **What** in bold, the rest as it was written.
std::string page(const std::string& markdown) {
  std::string out;
  bool strong = false;
  std::string run;
  for (std::size_t at = 0; at < markdown.size(); ++at) {
    if (markdown.compare(at, 2, "**") == 0) {
      out += strong ? lessons::bold(run) : run;
      run.clear();
      strong = !strong;
      ++at;
    } else {
      run += markdown[at];
    }
  }
  return out + run;
}

// Solutions are for those who have passed, or who say that they give up: that is recorded.
bool may_see_solution(Session& session, const Entry& entry) {
  const Record record = session.progress.of(entry.id);
  if (!record.passed.empty() || record.gave_up) return true;
  if (session.options.give_up) {
    session.progress.update(entry.id, [](Record& r) { r.gave_up = true; });
    return true;
  }
  std::cerr << tr("{1} has not passed yet. A hint may do: {2}. To see the solution all the same: --give-up",
                  entry.id, command("hint " + entry.id))
            << "\n";
  return false;
}

}  // namespace

int hint(Session& session) {
  const Entry& entry = session.chosen();
  const int before = session.progress.of(entry.id).hints;
  const int shown_now = session.options.all ? 3 : std::min(3, before + 1);
  session.progress.update(entry.id,
                          [&](Record& record) { record.hints = std::max(record.hints, shown_now); });
  if (session.options.json) {
    const std::vector<std::string> hints(entry.hints.begin(), entry.hints.begin() + shown_now);
    std::cout << JsonObject().add("id", entry.id).add("hints", hints).add("of", 3).text() << "\n";
    return all_pass;
  }
  std::cout << lessons::bold(concat(entry.id, ": ", tr("hint {1} of 3", shown_now))) << "\n";
  for (int i = session.options.all ? 0 : shown_now - 1; i < shown_now; ++i)
    std::cout << "\n" << i + 1 << ". " << wrapped(entry.hints[static_cast<std::size_t>(i)], 80, 3);
  if (shown_now < 3)
    std::cout << "\n" << lessons::dim(tr("Once more goes deeper: {1}", command("hint " + entry.id))) << "\n";
  return all_pass;
}

int explain(Session& session) {
  const Mistake& mistake = session.catalog.mistake(session.arguments[0]);
  if (session.options.json)
    std::cout
        << JsonObject().add("id", mistake.id).add("title", mistake.title).add("text", mistake.text).text()
        << "\n";
  else
    std::cout << lessons::bold(mistake.id + " · " + mistake.title) << "\n\n"
              << page(wrapped(mistake.text, 80));
  return all_pass;
}

int reset_file(Session& session) {
  const Entry& entry = session.catalog.find(session.arguments[0]);
  const std::string backup = reset(session, entry);
  std::cout << tr("{1} is the stub again.", session.places.shown(entry.file(session.places))) << "\n";
  if (!backup.empty()) std::cout << tr("What it held is in {1}", backup) << "\n";
  return all_pass;
}

int solution(Session& session) {
  const Entry& entry = session.catalog.find(session.arguments[0]);
  if (!may_see_solution(session, entry)) return not_all;
  std::cout << read_text(entry.solution(session.places));
  return all_pass;
}

int show_diff(Session& session) {
  const Entry& entry = session.catalog.find(session.arguments[0]);
  if (!may_see_solution(session, entry)) return not_all;
  std::cout << shown({"- " + tr("yours"), Line::Look::red}) << "\n"
            << shown({"+ " + tr("ours"), Line::Look::green}) << "\n\n";
  for (const DiffLine& line : diff(learners_text(session, entry), read_text(entry.solution(session.places))))
    std::cout << shown({std::string(1, line.side) + " " + line.text, line.side == '-'   ? Line::Look::red
                                                                     : line.side == '+' ? Line::Look::green
                                                                                        : Line::Look::plain})
              << "\n";
  return all_pass;
}

void build_program(const Session& session, const std::string& target) {
  const bool moving = lessons::is_terminal() && !session.options.plain;
  const FileLock lock(session.places.judged() / ".lock");
  const auto at_percent = [&](int percent) {
    if (moving)
      std::cout << "\r" << tr("building {1}", target) << "  " << percent << " %\033[K" << std::flush;
  };
  const Ended built =
      build_targets(session.places, {target}, {[] { return caught_signal() != 0; }, at_percent});
  if (moving) std::cout << "\r\033[K" << std::flush;
  if (built.how == Ended::How::stopped) throw Environment(tr("stopped"));
  if (built.number != 0)
    throw Environment(tr("{1} could not be built:", target) + "\n" + trimmed(built.output));
}

std::string lesson_program(const Places& places, const std::string& asked) {
  std::string number = asked.substr(0, asked.find('_'));
  if (number.size() == 1) number = "0" + number;
  std::vector<std::string> folders;
  for (const auto& folder : fs::directory_iterator(places.lessons())) {
    const std::string name = folder.path().filename().string();
    if (number.size() == 2 && starts_with(name, number + "_") && fs::exists(folder.path() / "lesson.cpp"))
      folders.push_back(name);
  }
  if (folders.size() == 1) return "lesson_" + number;
  std::sort(folders.begin(), folders.end());
  if (std::find(folders.begin(), folders.end(), asked) != folders.end()) return "lesson_" + asked;
  if (folders.empty()) throw Usage(tr("There is no lesson \"{1}\".", asked));
  std::string names;
  for (const std::string& folder : folders) names += (names.empty() ? "" : ", ") + folder;
  throw Usage(tr("There are several lessons {1}: {2}.", number, names));
}

int lesson(Session& session) {
  const std::string target = lesson_program(session.places, session.arguments[0]);
  build_program(session, target);
  std::vector<std::string> command = {(session.places.build / "lessons" / target).string()};
  command.insert(command.end(), session.arguments.begin() + 1, session.arguments.end());
  become(command);
}

}  // namespace heed::runner
