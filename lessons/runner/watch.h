// watch.h — `heed` without a command: shows one exercise and judges it whenever its file is saved.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "lessons/runner/report.h"
#include "lessons/runner/screen.h"
#include "lessons/runner/session.h"

namespace heed::runner {

class Watch {
 public:
  Watch(Session& session, const Entry& first);
  // Runs until q is pressed (returns 0) or a signal arrives (returns 128 + its number).
  int run();

 private:
  using Clock = std::chrono::steady_clock;
  enum class View { exercise, hints, list, explanation, confirm_reset };
  enum class Action : char {
    none = 0,
    next = 'n',
    previous = 'p',
    run = 'r',
    demo = 'd',
    quit = 'q',
    reset = 'y'
  };

  void check_file();  // has the file been saved?
  void judge_file();
  bool should_stop();  // called while the exercise is judged
  void press(char key);
  void perform(Action action);
  void open(const Entry& entry);
  void run_demo();
  void show_hint(bool deeper);

  // watch_screen.cpp
  void draw();
  Lines header() const;
  Lines statement(std::size_t max_lines) const;
  Lines result() const;
  Lines list() const;
  Lines hints() const;
  Lines explanation() const;
  Lines body(std::size_t max_lines) const;

  Session& session_;
  Screen screen_;
  const Entry* entry_;
  View view_ = View::exercise;
  bool needs_judging_ = true;
  bool saved_ = false;       // it needs judging because the file was saved, not because it was opened
  std::string judged_text_;  // the text that was judged last
  std::optional<Verdict> verdict_;
  double answer_seconds_ = 0;      // from saving to the verdict; 0 if the file was not saved
  std::string status_;             // the current step of judging, or ""
  std::string problem_;            // why the exercise could not be judged, or ""
  Action pending_ = Action::none;  // performed after a running judgement has stopped
  bool quit_ = false;
  Clock::time_point last_check_{};  // of the file
};

}  // namespace heed::runner
