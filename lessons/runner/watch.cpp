#include "lessons/runner/watch.h"

#include <cstring>
#include <iostream>
#include <thread>
#include <utility>

#include "lessons/runner/messages.h"
#include "lessons/runner/signals.h"
#include "lessons/runner/text.h"
#include "lessons/runner/verbs.h"

namespace heed::runner {

namespace {

constexpr std::chrono::milliseconds between_looks{150};

std::optional<std::string> text_of(const fs::path& file) {
  try {
    return fs::exists(file) ? std::optional(read_text(file)) : std::nullopt;
  } catch (const std::exception&) {
    return std::nullopt;  // in the middle of being replaced
  }
}

// How long ago the file was saved, where its time can be believed.
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
      act(std::exchange(pending_, Action::none));
    } else if (due_) {
      judge_file();
    } else {
      if (const char pressed = screen_.key(static_cast<int>(between_looks.count())))
        key(pressed);
      else if (screen_.resized())
        draw();
      look();
    }
  }
  screen_.give_back();
  return caught_signal() ? 128 + caught_signal() : all_pass;
}

// Content decides, not the file's time: it is what editors, network drives and copies agree on.
void Watch::look() {
  if (Clock::now() - looked_ < between_looks) return;
  const fs::path file = entry_->file(session_.places);
  const std::optional<std::string> text = text_of(file);
  looked_ = Clock::now();
  if (!text || *text == judged_) return;
  // An editor may be half way through writing: what stays the same for a moment is whole.
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  if (text_of(file) == text) due_ = saved_ = true;
}

void Watch::judge_file() {
  const auto found = Clock::now();
  double before = 0;
  trouble_.clear();
  verdict_.reset();
  view_ = View::exercise;
  try {
    judged_ = learners_text(session_, *entry_);
    if (saved_) before = seconds_since_save(entry_->file(session_.places));
    due_ = false;
    const auto at_step = [&](Step step) { status_ = in_words(step), draw(); };
    const auto at_percent = [&](int percent) {
      status_ = in_words(Step::preparing) + concat("  ", percent, " %"), draw();
    };
    verdict_ = judge_and_remember(session_, *entry_, judged_, {[&] { return tick(); }, at_step, at_percent});
    if (!verdict_) due_ = true;  // stopped: for a key, or because the file changed meanwhile
  } catch (const Environment& error) {
    trouble_ = error.what();
    due_ = false;
  }
  answer_seconds_ = saved_ ? before + std::chrono::duration<double>(Clock::now() - found).count() : 0;
  saved_ = saved_ && due_;
  status_.clear();
  draw();
}

bool Watch::tick() {
  if (caught_signal() != 0) return true;
  if (const char pressed = screen_.key(0)) key(pressed);
  if (screen_.resized()) draw();
  look();
  return due_ || pending_ != Action::none;
}

// What shows something is done at once; what changes something waits until a judgement that runs has stopped.
void Watch::key(char pressed) {
  const bool sure = view_ == View::sure;
  const View before = view_;
  view_ = View::exercise;
  if (sure) {
    if (pressed == 'y') pending_ = Action::reset;
  } else if (pressed == 'h') {
    show_hint(before == View::hints);
  } else if (pressed == 'l' && before != View::list) {
    view_ = View::list;
  } else if (pressed == 'e' && before != View::page && verdict_ && !verdict_->id.empty()) {
    view_ = View::page;
  } else if (pressed == 'x') {
    view_ = View::sure;
  } else if (const char* known = std::strchr("nprdq", pressed)) {
    pending_ = static_cast<Action>(*known);
  }
  draw();
}

void Watch::act(Action action) {
  const auto& all = session_.catalog.exercises;
  const std::size_t at = session_.catalog.index(*entry_);
  switch (action) {
    case Action::next:
      open(all[(at + 1) % all.size()]);
      break;
    case Action::previous:
      open(all[(at + all.size() - 1) % all.size()]);
      break;
    case Action::run:
      due_ = true;
      break;
    case Action::demonstrate:
      demonstrate();
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
  due_ = true, saved_ = false;
  verdict_.reset();
  draw();
}

// Opening shows what was seen before; once more goes deeper.
void Watch::show_hint(bool deeper) {
  if (deeper || session_.progress.of(entry_->id).hints == 0)
    session_.progress.update(entry_->id,
                             [](Record& record) { record.hints = std::min(3, record.hints + 1); });
  view_ = View::hints;
}

// The lesson's own program, in the terminal as it is without us.
void Watch::demonstrate() {
  screen_.give_back();
  try {
    const std::string target = lesson_program(session_.places, entry_->folder);
    build_program(session_, target);
    run_in_terminal({(session_.places.build / "lessons" / target).string(), "--quick"});
  } catch (const Environment& error) {
    std::cout << error.what() << "\n";
  }
  forget_signal();  // Ctrl-C ended the demonstration, not the watch
  std::cout << "\n" << tr("Enter goes back to the exercise.") << std::flush;
  std::string line;
  if (!std::getline(std::cin, line)) std::cin.clear();
  screen_.take();
  draw();
}

int watch(Session& session) {
  const Entry& entry = session.chosen();
  if (Screen::possible() && !session.options.plain) return Watch(session, entry).run();
  std::cout << tr("In a terminal, heed watches this file and judges it whenever it is saved:") << "\n  "
            << session.places.shown(entry.file(session.places)) << "\n\n";
  const int status = run(session);
  std::cout << "\n" << tr("What to do next:") << "\n";
  const auto next = [](const std::string& command, const std::string& does) {
    std::cout << "  " << wrapped(command, 80) << "      " << does << "\n";
  };
  next(command("run " + entry.id), tr("judges it again"));
  next(command("hint " + entry.id), tr("a hint; again goes deeper"));
  next(command("list"), tr("every exercise: what came of it, minutes, difficulty"));
  return status;
}

}  // namespace heed::runner
