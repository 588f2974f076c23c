// screen.h — the terminal in the hands of the watch: keys come singly and unseen, the screen is drawn whole.
#pragma once

#include <termios.h>

#include <string>
#include <vector>

#include "lessons/runner/report.h"

namespace heed::runner {

// Whatever way the watch ends, the destructor leaves the terminal as it was found.
class Screen {
 public:
  Screen();  // throws Environment where standard input or output is no terminal
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  static bool possible();  // both are terminals that can move a cursor

  void take();  // again, after give_back
  void give_back();

  // The next key, waiting for at most so long; 0 where none came. Of an arrow or other long key nothing is seen.
  char key(int milliseconds);
  // As many of `lines` as fit, each cut to the width.
  void draw(const Lines& lines);
  bool resized() const;  // since it was drawn
  std::size_t rows() const;
  std::size_t columns() const;

 private:
  termios before_{};
  bool taken_ = false;
  std::size_t drawn_rows_ = 0, drawn_columns_ = 0;
};

}  // namespace heed::runner
