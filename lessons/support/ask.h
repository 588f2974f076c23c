// ask.h — answers to questions, read from standard input.
#pragma once

#include <optional>
#include <string>

namespace heed::lessons {

// Reads one line per question. Without a terminal, for example in a script, it waits only for the
// given time, so a program without answers ends.
class Answers {
 public:
  explicit Answers(int file = 0, int milliseconds = 10'000) : file_(file), milliseconds_(milliseconds) {}
  // Returns the next line without its end, or nothing if the input has ended or the time has passed.
  std::optional<std::string> next();
  // Whether there may be another answer.
  bool more() const { return more_; }

 private:
  int file_, milliseconds_;
  bool more_ = true;
};

// Returns true for "y" and "yes", false for "n" and "no", in either case, otherwise nothing.
std::optional<bool> yes_or_no(const std::string& answer);

}  // namespace heed::lessons
