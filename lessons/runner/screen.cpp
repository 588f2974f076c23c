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

// Whose keyboard is set to Hangul means the key that the letter lies on: ㅜ is n.
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
  if (!possible() || tcgetattr(STDIN_FILENO, &before_) != 0) throw Environment("[heed] this is no terminal");
  take();
}

Screen::~Screen() { give_back(); }

void Screen::take() {
  if (taken_) return;
  termios ours = before_;
  // Keys at once and without an echo. Ctrl-C stays a signal. Ctrl-Z would leave the screen to the shell as it is: no key.
  ours.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  ours.c_cc[VMIN] = 0;
  ours.c_cc[VTIME] = 0;
  ours.c_cc[VSUSP] = _POSIX_VDISABLE;
  tcsetattr(STDIN_FILENO, TCSADRAIN, &ours);
  std::cout << "\033[?1049h" << std::flush;  // a screen of our own; the shell's comes back afterwards
  taken_ = true;
}

void Screen::give_back() {
  if (!taken_) return;
  std::cout << "\033[?1049l" << std::flush;
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  taken_ = false;
}

char Screen::key(int milliseconds) {
  pollfd waiting{STDIN_FILENO, POLLIN, 0};
  if (poll(&waiting, 1, milliseconds) <= 0) return 0;
  std::string bytes(1, '\0');
  if (read(STDIN_FILENO, bytes.data(), 1) != 1) return (waiting.revents & (POLLHUP | POLLERR)) ? 'q' : '\0';
  if (bytes[0] >= 'A' && bytes[0] <= 'Z') return static_cast<char>(bytes[0] - 'A' + 'a');
  if (bytes[0] >= ' ' && bytes[0] < 0x7F) return bytes[0];
  // The rest of an arrow's sequence, or of a Hangul letter, is there already.
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
  drawn_rows_ = height, drawn_columns_ = width;
  std::string all = "\033[H";
  for (std::size_t i = 0; i < lines.size() && i < height; ++i) {
    Line line = lines[i];
    for (std::size_t tab = line.text.find('\t'); tab != std::string::npos; tab = line.text.find('\t'))
      line.text.replace(tab, 1, "    ");
    line.text = shortened(line.text, width);
    all += shown(line) + "\033[K" + (i + 1 < height ? "\n" : "");
  }
  std::cout << all << (lines.size() < height ? "\033[J" : "") << std::flush;
}

}  // namespace heed::runner
