// Commands that help to learn: hints, explanations, solutions, a fresh start, the lessons
// themselves.
#include <algorithm>
#include <iostream>

#include "lessons/runner/commands.h"
#include "lessons/runner/diff.h"
#include "lessons/runner/file_lock.h"
#include "lessons/runner/messages.h"
#include "lessons/runner/report.h"
#include "lessons/runner/signals.h"
#include "lessons/runner/text.h"
#include "lessons/support/terminal.h"

namespace heed::runner {

namespace {

// Markdown for a terminal: **text** becomes bold, everything else is kept.
std::string with_bold(const std::string& markdown) {
  std::string out, run;
  bool strong = false;
  for (std::size_t i = 0; i < markdown.size(); ++i) {
    if (markdown.compare(i, 2, "**") == 0) {
      out += strong ? lessons::bold(run) : run;
      run.clear();
      strong = !strong;
      ++i;
    } else {
      run += markdown[i];
    }
  }
  return out + run;
}

// Whether the solution may be shown: after passing, or with --give-up, which is recorded. Otherwise
// prints the reason.
bool may_see_solution(Session& session, const Entry& entry) {
  const Record record = session.progress.of(entry.id);
  if (!record.passed.empty() || record.gave_up) return true;
  if (session.options.give_up) {
    session.progress.update(entry.id, [](Record& r) { r.gave_up = true; });
    return true;
  }
  std::cerr << tr("{1} has not passed yet. Try a hint: {2}. To see the solution anyway, add --give-up.",
                  entry.id, invocation("hint " + entry.id))
            << "\n";
  return false;
}

std::string solution_text(const Session& session, const Entry& entry) {
  return without_hints(read_text(entry.solution(session.paths)));
}

}  // namespace

int hint(Session& session) {
  const Entry& entry = session.chosen();
  const int before = session.progress.of(entry.id).hints;
  const int count = session.options.all ? 3 : std::min(3, before + 1);
  session.progress.update(entry.id, [&](Record& record) { record.hints = std::max(record.hints, count); });
  if (session.options.json) {
    const std::vector<std::string> hints(entry.hints.begin(), entry.hints.begin() + count);
    std::cout << JsonObject().add("id", entry.id).add("hints", hints).add("of", 3).text() << "\n";
    return exit_passed;
  }
  std::cout << lessons::bold(concat(entry.id, ": ", tr("hint {1} of 3", count))) << "\n";
  for (int i = session.options.all ? 0 : count - 1; i < count; ++i)
    std::cout << "\n" << i + 1 << ". " << wrapped(entry.hints[static_cast<std::size_t>(i)], 80, 3);
  if (count < 3)
    std::cout << "\n" << lessons::dim(tr("For a deeper hint: {1}", invocation("hint " + entry.id))) << "\n";
  return exit_passed;
}

int explain(Session& session) {
  const Mistake& mistake = session.catalog.mistake(session.arguments[0]);
  if (session.options.json) {
    JsonObject object;
    object.add("id", mistake.id).add("title", mistake.title).add("text", mistake.text);
    std::cout << object.text() << "\n";
    return exit_passed;
  }
  std::cout << lessons::bold(mistake.id + " · " + mistake.title) << "\n\n"
            << with_bold(wrapped(mistake.text, 80));
  return exit_passed;
}

int reset_file(Session& session) {
  const Entry& entry = session.catalog.find(session.arguments[0]);
  const std::string backup = reset(session, entry);
  std::cout << tr("Restored the stub: {1}", session.paths.display(entry.file(session.paths))) << "\n";
  if (!backup.empty()) std::cout << tr("Your file was saved as {1}", backup) << "\n";
  return exit_passed;
}

int solution(Session& session) {
  const Entry& entry = session.catalog.find(session.arguments[0]);
  if (!may_see_solution(session, entry)) return exit_failed;
  std::cout << solution_text(session, entry);
  return exit_passed;
}

int show_diff(Session& session) {
  const Entry& entry = session.catalog.find(session.arguments[0]);
  if (!may_see_solution(session, entry)) return exit_failed;
  std::cout << styled(Line{"- " + tr("yours"), Line::Style::red}) << "\n"
            << styled(Line{"+ " + tr("ours"), Line::Style::green}) << "\n\n";
  for (const DiffLine& line : diff(learners_text(session, entry), solution_text(session, entry))) {
    Line::Style style = Line::Style::plain;
    if (line.side == '-') style = Line::Style::red;
    if (line.side == '+') style = Line::Style::green;
    std::cout << styled(Line{std::string(1, line.side) + " " + line.text, style}) << "\n";
  }
  return exit_passed;
}

void build_program(const Session& session, const std::string& target) {
  const bool animated = lessons::is_terminal() && !session.options.plain;
  const FileLock lock(session.paths.build_lock());
  const auto on_percent = [&](int percent) {
    if (animated)
      std::cout << "\r" << tr("building {1}", target) << "  " << percent << " %\033[K" << std::flush;
  };
  const ProcessResult built =
      build_targets(session.paths, {target}, {[] { return caught_signal() != 0; }, on_percent});
  if (animated) std::cout << "\r\033[K" << std::flush;
  if (built.outcome == ProcessResult::Outcome::stopped) throw EnvironmentError(tr("stopped"));
  if (built.code != 0)
    throw EnvironmentError(tr("{1} could not be built:", target) + "\n" + trimmed(built.output));
}

std::string lesson_program(const Paths& paths, const std::string& name) {
  std::string number = name.substr(0, name.find('_'));
  if (number.size() == 1) number = "0" + number;
  std::vector<std::string> folders;
  for (const auto& folder : fs::directory_iterator(paths.lessons())) {
    const std::string folder_name = folder.path().filename().string();
    const bool is_lesson = fs::exists(folder.path() / "lesson.cpp");
    if (number.size() == 2 && starts_with(folder_name, number + "_") && is_lesson)
      folders.push_back(folder_name);
  }
  if (folders.size() == 1) return "lesson_" + number;
  std::sort(folders.begin(), folders.end());
  if (std::find(folders.begin(), folders.end(), name) != folders.end()) return "lesson_" + name;
  if (folders.empty()) throw UsageError(tr("There is no lesson \"{1}\".", name));
  throw UsageError(tr("Lesson {1} is ambiguous: {2}.", number, joined(folders, ", ")));
}

void become_program(const Session& session, const std::string& target) {
  std::vector<std::string> command = {(session.paths.build / "lessons" / target).string()};
  command.insert(command.end(), session.arguments.begin() + 1, session.arguments.end());
  become(command);
}

int lesson(Session& session) {
  const std::string target = lesson_program(session.paths, session.arguments[0]);
  build_program(session, target);
  std::error_code ignored;  // the lesson reports a folder that does not exist
  if (std::ranges::count(session.arguments, "--save") > 0)
    fs::create_directories(session.paths.state / "models", ignored);
  become_program(session, target);
}

}  // namespace heed::runner
