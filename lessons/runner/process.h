// process.h — runs a program as a child process without input, with limits on its time and output.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace heed::runner {

struct Limits {
  double seconds = 0;                              // 0: no limit
  std::size_t keep_bytes = std::size_t{64} << 10;  // output beyond this is read and discarded
  std::size_t kill_after_bytes = 0;                // output after which the program is killed; 0: no limit
  bool confined = false;  // no core file, at most half of the memory, dies with its parent
  std::vector<std::string> environment = {};               // variables to set: "LC_ALL=C"
  std::function<void(const std::string&)> on_output = {};  // called with each piece of output
};

struct ProcessResult {
  enum class Outcome { exited, signalled, timed_out, too_much_output, stopped, not_started };
  Outcome outcome = Outcome::exited;
  int code = 0;  // the exit status; the signal; errno if the program was not started
  std::string output = {};
  bool cut = false;  // there was more output than keep_bytes
  double seconds = 0;
};

// Called about fifty times per second while a program runs; the program is ended if it returns
// true.
using ShouldStop = std::function<bool()>;

// Runs a program. Its standard output and standard error are combined in the order of writing. The
// program leads a process group; all processes of the group are killed when the program ends.
ProcessResult run_process(const std::vector<std::string>& command, const Limits& limits,
                          const ShouldStop& should_stop = {});

// Runs a program with this process's terminal and returns its exit status; 127 if it could not be
// started.
int run_in_terminal(const std::vector<std::string>& command);

// Replaces this process with the program. Throws EnvironmentError if it cannot be started.
[[noreturn]] void become(const std::vector<std::string>& command);

// "accessed memory that it does not own, or recursed too deeply (SIGSEGV)"
std::string signal_in_words(int signal);

}  // namespace heed::runner
