#include "lessons/runner/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "autograd/kernels/sanitizers.h"
#include "lessons/runner/messages.h"
#include "lessons/runner/places.h"

namespace heed::runner {

namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// A sanitizer maps terabytes of shadow; under it memory cannot be limited.
constexpr bool sanitized = HEED_ADDRESS_SANITIZER || HEED_THREAD_SANITIZER;

// What a mistake may not do to the machine: fill the disk with core files, or the memory until it swaps. RLIMIT_DATA
// counts what can be written to; the address space is no measure, for threads reserve much of it and use little.
void confine() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  const auto bytes =
      static_cast<rlim_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
  const rlim_t most = std::max<rlim_t>(bytes / 2, rlim_t{1} << 30);
  const rlimit memory{most, most};
  if (!sanitized) setrlimit(RLIMIT_DATA, &memory);
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // an endless loop must not outlive a runner that was killed
#endif
}

struct Pipe {
  int read_end = -1, write_end = -1;
  Pipe() {
    int ends[2];
    if (pipe(ends) != 0) throw Environment(concat("[heed] no pipe: ", std::strerror(errno)));
    read_end = ends[0], write_end = ends[1];
    fcntl(read_end, F_SETFD, FD_CLOEXEC);
    fcntl(write_end, F_SETFD, FD_CLOEXEC);
  }
  ~Pipe() { close_read(), close_write(); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_read() {
    if (read_end >= 0) close(read_end), read_end = -1;
  }
  void close_write() {
    if (write_end >= 0) close(write_end), write_end = -1;
  }
};

void execute(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGPIPE}) std::signal(signal, SIG_DFL);
  execvp(arguments[0], arguments.data());
}

// The child's side of fork: becomes the command, or writes errno to `failed` and ends.
[[noreturn]] void become_child(const std::vector<std::string>& command, const Limits& limits, int output,
                               int failed) {
  setpgid(0, 0);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  for (const std::string& variable : limits.environment) putenv(const_cast<char*>(variable.c_str()));
  if (limits.confined) confine();
  execute(command);
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(failed, &error, sizeof error);
  _exit(127);
}

// Reads what is there. False at the end of the output.
bool drain(int from, const Limits& limits, std::size_t& seen, Ended& ended) {
  char buffer[1 << 14];
  const ssize_t n = read(from, buffer, sizeof buffer);
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  seen += static_cast<std::size_t>(n);
  if (limits.heard && n > 0) limits.heard(std::string(buffer, static_cast<std::size_t>(n)));
  const std::size_t room = limits.kept - std::min(limits.kept, ended.output.size());
  ended.output.append(buffer, std::min(room, static_cast<std::size_t>(n)));
  ended.cut = ended.cut || static_cast<std::size_t>(n) > room;
  return n > 0;
}

// Follows the child until it has ended or must end.
void follow(pid_t child, int output, const Limits& limits, const Stop& stop, Clock::time_point start,
            Ended& ended) {
  std::size_t seen = 0;
  bool open = true, alive = true, told = false;
  Clock::time_point end_of_child, end_told;
  while (alive || open) {
    pollfd waiting{output, POLLIN, 0};
    if (poll(&waiting, open ? 1 : 0, 20) > 0) open = drain(output, limits, seen, ended);
    int status = 0;
    if (alive && waitpid(child, &status, WNOHANG) == child) {
      alive = false, end_of_child = Clock::now();
      if (!told) ended.how = WIFSIGNALED(status) ? Ended::How::signalled : Ended::How::exited;
      if (!told) ended.number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    }
    // Whoever it left behind keeps the output open: not for long.
    if (!alive && (told ? since(end_told) > 2 : since(end_of_child) > 0.3)) break;
    const bool long_enough = limits.seconds > 0 && since(start) > limits.seconds;
    const bool much_enough = limits.endless > 0 && seen > limits.endless;
    if (alive && !told && (long_enough || much_enough || (stop && stop()))) {
      ended.how = long_enough   ? Ended::How::too_long
                  : much_enough ? Ended::How::too_much_output
                                : Ended::How::stopped;
      told = true, end_told = Clock::now();
      // A build tool ends its compilers and takes away half-written objects; a learner's program could only delay.
      kill(-child, limits.confined ? SIGKILL : SIGTERM);
    }
    if (told && alive && since(end_told) > 2) kill(-child, SIGKILL);
  }
  kill(-child, SIGKILL);  // the rest of the group, if any
}

}  // namespace

Ended run_process(const std::vector<std::string>& command, const Limits& limits, const Stop& stop) {
  Pipe output, failed;
  const Clock::time_point start = Clock::now();
  const pid_t child = fork();
  if (child < 0) throw Environment(concat("[heed] no process: ", std::strerror(errno)));
  if (child == 0) become_child(command, limits, output.write_end, failed.write_end);
  setpgid(child, child);  // both sides do it, so that it is done whoever comes first
  output.close_write();
  failed.close_write();
  Ended ended;
  int error = 0;
  ssize_t got;
  do got = read(failed.read_end, &error, sizeof error);
  while (got < 0 && errno == EINTR);
  if (got == sizeof error) {
    waitpid(child, nullptr, 0);
    ended.how = Ended::How::not_started, ended.number = error;
    return ended;
  }
  follow(child, output.read_end, limits, stop, start, ended);
  ended.seconds = since(start);
  return ended;
}

int run_in_terminal(const std::vector<std::string>& command) {
  const pid_t child = fork();
  if (child < 0) throw Environment(concat("[heed] no process: ", std::strerror(errno)));
  if (child == 0) {
    execute(command);
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void become(const std::vector<std::string>& command) {
  execute(command);
  throw Environment(concat("[heed] ", command[0], ": ", std::strerror(errno)));
}

std::string signal_in_words(int signal) {
  switch (signal) {
    case SIGSEGV:
      return tr("read or wrote memory that is not its own, or called itself without end (SIGSEGV)");
    case SIGBUS:
      return tr("read or wrote memory that is not there (SIGBUS)");
    case SIGABRT:
      return tr("gave up: an assertion, a broken heap, or an exception that nobody caught (SIGABRT)");
    case SIGFPE:
      return tr("divided a whole number by zero (SIGFPE)");
    case SIGILL:
      return tr("came to a place that no code leads to, such as a missing return (SIGILL)");
    case SIGTRAP:
      return tr("came to a place that no code leads to, such as a missing return (SIGTRAP)");
    case SIGKILL:
      return tr("was killed by the system, often for want of memory (SIGKILL)");
    default:
      return tr("was ended by signal {1} ({2})", signal, strsignal(signal));
  }
}

}  // namespace heed::runner
