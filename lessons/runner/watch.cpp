#include "lessons/runner/watch.h"

#include <cstring>
#include <iostream>
#include <thread>
#include <utility>

#include "lessons/runner/commands.h"
#include "lessons/runner/messages.h"
#include "lessons/runner/signals.h"
#include "lessons/runner/text.h"

namespace heed::runner {

namespace {

constexpr std::chrono::milliseconds poll_interval{150};

std::optional<std::string> text_of(const fs::path& file) {
  try {
    return fs::exists(file) ? std::optional(read_text(file)) : std::nullopt;
  } catch (const std::exception&) {
    return std::nullopt;  // an editor is just replacing the file
  }
}

// Seconds since the file was saved; 0 if its time is not plausible.
double seconds_since_save(const fs::path& file) {
  std::error_code error;
  const auto saved = fs::last_write_time(file, error);
  const double seconds = std::chrono::duration<double>(fs::file_time_type::clock::now() - saved).count();
  return !error && seconds >= 0 && seconds < 2 ? seconds : 0;
}

}  // namespace

Watch::Watch(Session& session, const Entry& first) : session_(session), entry_(&first) {}

int Watch::run() {
  draw();
  while (!quit_ && caught_signal() == 0) {
    if (pending_ != Action::none) {
      perform(std::exchange(pending_, Action::none));
    } else if (needs_judging_) {
      judge_file();
    } else {
      if (const char key = screen_.key(static_cast<int>(poll_interval.count())))
        press(key);
      else if (screen_.resized())
        draw();
      check_file();
    }
  }
  screen_.leave();
  return caught_signal() ? 128 + caught_signal() : exit_passed;
}

// Compares the content, not the time of the file: times are unreliable on network drives and after
// copies.
void Watch::check_file() {
  if (Clock::now() - last_check_ < poll_interval) return;
  const fs::path file = entry_->file(session_.paths);
  const std::optional<std::string> text = text_of(file);
  last_check_ = Clock::now();
  if (!text || *text == judged_text_) return;
  // An editor may still be writing: the file is complete if it does not change for a moment.
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  if (text_of(file) != text) return;
  needs_judging_ = true;
  saved_ = true;
}

void Watch::judge_file() {
  const auto start = Clock::now();
  double before = 0;
  problem_.clear();
  verdict_.reset();
  view_ = View::exercise;
  try {
    judged_text_ = learners_text(session_, *entry_);
    if (saved_) before = seconds_since_save(entry_->file(session_.paths));
    needs_judging_ = false;
    const auto show_status = [&](const std::string& status) {
      status_ = status;
      draw();
    };
    const JudgeCallbacks callbacks{
        .should_stop = [&] { return should_stop(); },
        .on_step = [&](Step step) { show_status(in_words(step)); },
        .on_percent =
            [&](int percent) { show_status(in_words(Step::preparing) + concat("  ", percent, " %")); }};
    verdict_ = judge_and_record(session_, *entry_, judged_text_, callbacks);
    if (!verdict_) needs_judging_ = true;  // stopped by a key, or because the file changed meanwhile
  } catch (const EnvironmentError& error) {
    problem_ = error.what();
    needs_judging_ = false;
  }
  answer_seconds_ = saved_ ? before + std::chrono::duration<double>(Clock::now() - start).count() : 0;
  saved_ = saved_ && needs_judging_;
  status_.clear();
  draw();
}

bool Watch::should_stop() {
  if (caught_signal() != 0) return true;
  if (const char key = screen_.key(0)) press(key);
  if (screen_.resized()) draw();
  check_file();
  return needs_judging_ || pending_ != Action::none;
}

// Keys that only show something take effect immediately. Actions wait until a running judgement has
// stopped.
void Watch::press(char key) {
  const View before = view_;
  view_ = View::exercise;
  if (before == View::confirm_reset) {
    if (key == 'y') pending_ = Action::reset;
  } else if (key == 'h') {
    show_hint(before == View::hints);
  } else if (key == 'l' && before != View::list) {
    view_ = View::list;
  } else if (key == 'e' && before != View::explanation && verdict_ && !verdict_->id.empty()) {
    view_ = View::explanation;
  } else if (key == 'x') {
    view_ = View::confirm_reset;
  } else if (const char* action = std::strchr("nprdq", key)) {
    pending_ = static_cast<Action>(*action);
  }
  draw();
}

void Watch::perform(Action action) {
  const auto& all = session_.catalog.exercises;
  const std::size_t index = session_.catalog.index(*entry_);
  switch (action) {
    case Action::next:
      open(all[(index + 1) % all.size()]);
      break;
    case Action::previous:
      open(all[(index + all.size() - 1) % all.size()]);
      break;
    case Action::run:
      needs_judging_ = true;
      break;
    case Action::demo:
      run_demo();
      break;
    case Action::reset:
      reset(session_, *entry_);
      break;
    case Action::quit:
      quit_ = true;
      break;
    case Action::none:
      break;
  }
}

void Watch::open(const Entry& entry) {
  entry_ = &entry;
  needs_judging_ = true;
  saved_ = false;
  verdict_.reset();
  draw();
}

// Shows the hints that were shown before; the next key press shows one more.
void Watch::show_hint(bool deeper) {
  if (deeper || session_.progress.of(entry_->id).hints == 0)
    session_.progress.update(entry_->id,
                             [](Record& record) { record.hints = std::min(3, record.hints + 1); });
  view_ = View::hints;
}

// Runs the lesson's program in the restored terminal.
void Watch::run_demo() {
  screen_.leave();
  try {
    const std::string target = lesson_program(session_.paths, entry_->folder);
    build_program(session_, target);
    run_in_terminal({(session_.paths.build / "lessons" / target).string(), "--quick"});
  } catch (const EnvironmentError& error) {
    std::cout << error.what() << "\n";
  }
  forget_signal();  // Ctrl-C ended the demo, not the watch
  std::cout << "\n" << tr("Press Enter to return to the exercise.") << std::flush;
  std::string line;
  if (!std::getline(std::cin, line)) std::cin.clear();
  screen_.enter();
  draw();
}

int watch(Session& session) {
  const Entry& entry = session.chosen();
  if (Screen::possible() && !session.options.plain) return Watch(session, entry).run();
  std::cout << tr("In a terminal, heed watches this file and judges it at every save:") << "\n  "
            << session.paths.display(entry.file(session.paths)) << "\n\n";
  const int status = run(session);
  std::cout << "\n" << tr("Next steps:") << "\n";
  const auto next = [](const std::string& command, const std::string& purpose) {
    std::cout << "  " << wrapped(command, 80) << "      " << purpose << "\n";
  };
  next(invocation("run " + entry.id), tr("judge it again"));
  next(invocation("hint " + entry.id), tr("show a hint; repeat for a deeper one"));
  next(invocation("list"), tr("list all exercises with state, minutes and difficulty"));
  return status;
}

}  // namespace heed::runner
