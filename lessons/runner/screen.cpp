#include "lessons/runner/screen.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "lessons/runner/text.h"

namespace heed::runner {

namespace {

winsize size_of_terminal() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
    return {24, 80, 0, 0};
  return size;
}

// The Latin key of a Hangul letter on a Korean keyboard: n for ㅜ. Keys then work in both input
// modes.
char key_under(const std::string& letter) {
  static const std::pair<const char*, char> keys[] = {{"ㅜ", 'n'}, {"ㅔ", 'p'}, {"ㅗ", 'h'}, {"ㅣ", 'l'},
                                                      {"ㅇ", 'd'}, {"ㄱ", 'r'}, {"ㅌ", 'x'}, {"ㄷ", 'e'},
                                                      {"ㅂ", 'q'}, {"ㅛ", 'y'}};
  for (const auto& [hangul, key] : keys)
    if (letter == hangul) return key;
  return 0;
}

}  // namespace

bool Screen::possible() {
  const char* term = std::getenv("TERM");
  return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && term && std::string(term) != "dumb";
}

Screen::Screen() {
  if (!possible() || tcgetattr(STDIN_FILENO, &original_) != 0)
    throw EnvironmentError("[heed] standard input and output must be a terminal");
  enter();
}

Screen::~Screen() { leave(); }

void Screen::enter() {
  if (entered_) return;
  termios settings = original_;
  // Keys arrive immediately and without echo. Ctrl-C remains a signal. Ctrl-Z is disabled, because
  // it would return to the shell without restoring the screen.
  settings.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  settings.c_cc[VMIN] = 0;
  settings.c_cc[VTIME] = 0;
  settings.c_cc[VSUSP] = _POSIX_VDISABLE;
  tcsetattr(STDIN_FILENO, TCSADRAIN, &settings);
  std::cout << "\033[?1049h" << std::flush;  // the alternate screen; leave() restores the shell's
  entered_ = true;
}

void Screen::leave() {
  if (!entered_) return;
  std::cout << "\033[?1049l" << std::flush;
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &original_);
  entered_ = false;
}

char Screen::key(int milliseconds) {
  pollfd waiting{STDIN_FILENO, POLLIN, 0};
  if (poll(&waiting, 1, milliseconds) <= 0) return 0;
  std::string bytes(1, '\0');
  const bool closed = (waiting.revents & (POLLHUP | POLLERR)) != 0;
  if (read(STDIN_FILENO, bytes.data(), 1) != 1) return closed ? 'q' : '\0';
  if (bytes[0] >= 'A' && bytes[0] <= 'Z') return static_cast<char>(bytes[0] - 'A' + 'a');
  if (bytes[0] >= ' ' && bytes[0] < 0x7F) return bytes[0];
  // The remaining bytes of an arrow's escape sequence or of a Hangul letter are already available.
  bytes.resize(8);
  const ssize_t more = read(STDIN_FILENO, bytes.data() + 1, bytes[0] == '\033' ? 7 : 2);
  bytes.resize(static_cast<std::size_t>(1 + std::max<ssize_t>(more, 0)));
  return key_under(bytes);
}

std::size_t Screen::rows() const { return size_of_terminal().ws_row; }
std::size_t Screen::columns() const { return size_of_terminal().ws_col; }

bool Screen::resized() const { return rows() != drawn_rows_ || columns() != drawn_columns_; }

void Screen::draw(const Lines& lines) {
  const std::size_t height = rows(), width = columns();
  drawn_rows_ = height;
  drawn_columns_ = width;
  std::string all = "\033[H";
  for (std::size_t i = 0; i < lines.size() && i < height; ++i) {
    Line line = lines[i];
    for (std::size_t tab = line.text.find('\t'); tab != std::string::npos; tab = line.text.find('\t'))
      line.text.replace(tab, 1, "    ");
    line.text = shortened(line.text, width);
    all += styled(line) + "\033[K" + (i + 1 < height ? "\n" : "");
  }
  std::cout << all << (lines.size() < height ? "\033[J" : "") << std::flush;
}

}  // namespace heed::runner
