// process.h — a program run as a child: no input, its output kept up to a limit, never longer than it may.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace heed::runner {

struct Limits {
  double seconds = 0;  // 0: as long as it takes
  std::size_t kept =
      std::size_t{64} << 10;  // bytes of its output that are kept; the rest is read and forgotten
  std::size_t endless = 0;    // bytes after which it is ended; 0: never
  bool confined = false;      // no core file, no more than half of the machine's memory, dies with us
  std::vector<std::string> environment = {};           // "LC_ALL=C": set in the child
  std::function<void(const std::string&)> heard = {};  // told each piece of output as it comes
};

struct Ended {
  enum class How { exited, signalled, too_long, too_much_output, stopped, not_started };
  How how = How::exited;
  int number = 0;  // exit status, signal, or errno of the start
  std::string output = {};
  bool cut = false;
  double seconds = 0;
};

// Asked about fifty times a second while the program runs; true ends it.
using Stop = std::function<bool()>;

// Standard output and error come together in the order of writing. The program leads a process group, and when it has
// ended or must end, all of the group go with it.
Ended run_process(const std::vector<std::string>& command, const Limits& limits, const Stop& stop = {});

// In the terminal that we are in, with its input and output, until it ends. Its exit status; 127: not started.
int run_in_terminal(const std::vector<std::string>& command);

// Ends this program by becoming that one. Throws Environment where it cannot.
[[noreturn]] void become(const std::vector<std::string>& command);

// "read or wrote memory that is not its own (SIGSEGV)"
std::string signal_in_words(int signal);

}  // namespace heed::runner
