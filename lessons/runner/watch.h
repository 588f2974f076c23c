// watch.h — `heed` alone: one exercise on the screen, judged anew whenever its file is saved.
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
  int run();  // until q (0) or a signal (128 + its number)

 private:
  using Clock = std::chrono::steady_clock;
  enum class View { exercise, hints, list, page, sure };  // sure: is the file to be reset?
  enum class Action : char {
    none = 0,
    next = 'n',
    previous = 'p',
    run = 'r',
    demonstrate = 'd',
    quit = 'q',
    reset = 'y'
  };

  void look();  // has the file been saved?
  void judge_file();
  bool tick();  // while a judgement runs: true where it must stop
  void key(char pressed);
  void act(Action action);
  void open(const Entry& entry);
  void demonstrate();
  void show_hint(bool deeper);

  void draw();
  Lines head() const;
  Lines spec(std::size_t room) const;
  Lines answer() const;
  Lines list() const;
  Lines body(std::size_t room) const;

  Session& session_;
  Screen screen_;
  const Entry* entry_;
  View view_ = View::exercise;
  bool due_ = true;     // the file is to be judged
  bool saved_ = false;  // ... because it was saved, and not just opened
  std::string judged_;  // the text that was judged last
  std::optional<Verdict> verdict_;
  double answer_seconds_ = 0;      // from save to answer; 0 where nothing was saved
  std::string status_;             // what is being done now, or ""
  std::string trouble_;            // what kept the last judgement from being made
  Action pending_ = Action::none;  // what waits for a judgement to stop
  bool quit_ = false;
  Clock::time_point looked_{};  // when the file was looked at last
};

}  // namespace heed::runner
