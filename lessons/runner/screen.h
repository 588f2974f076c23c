// screen.h — the terminal in watch mode: keys are read one at a time without echo, and the screen
// is drawn as a whole.
#pragma once

#include <termios.h>

#include <string>
#include <vector>

#include "lessons/runner/report.h"

namespace heed::runner {

// The destructor restores the terminal.
class Screen {
 public:
  Screen();  // enters; throws EnvironmentError if standard input or output is not a terminal
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // Whether standard input and output are terminals that can move the cursor.
  static bool possible();

  void enter();  // again, after leave()
  void leave();

  // Waits at most `milliseconds` for a key. Returns 0 if there was none or it has more than one
  // character (arrows).
  char key(int milliseconds);
  // Draws as many lines as fit, each cut to the width of the screen.
  void draw(const Lines& lines);
  bool resized() const;  // since draw()
  std::size_t rows() const;
  std::size_t columns() const;

 private:
  termios original_{};
  bool entered_ = false;
  std::size_t drawn_rows_ = 0, drawn_columns_ = 0;
};

}  // namespace heed::runner
