#include "lessons/support/ask.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace heed::lessons {

// Reads single bytes: what follows the line stays in the input, for poll() and for other programs.
std::optional<std::string> Answers::next() {
  const bool terminal = isatty(file_) == 1;
  std::string line;
  while (more_) {
    pollfd input{file_, POLLIN, 0};
    const int ready = poll(&input, 1, terminal ? -1 : milliseconds_);
    char c = 0;
    const ssize_t n = ready > 0 ? read(file_, &c, 1) : ready;
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      more_ = false;
      break;
    }
    if (c == '\n') return line;
    if (c != '\r') line += c;
  }
  return line.empty() ? std::nullopt : std::optional(line);  // a last line without an end
}

std::optional<bool> yes_or_no(const std::string& answer) {
  if (answer == "y" || answer == "Y" || answer == "yes" || answer == "Yes" || answer == "YES") return true;
  if (answer == "n" || answer == "N" || answer == "no" || answer == "No" || answer == "NO") return false;
  return std::nullopt;
}

}  // namespace heed::lessons
