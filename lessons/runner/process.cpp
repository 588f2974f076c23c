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
#include "lessons/runner/paths.h"

namespace heed::runner {

namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// A sanitizer reserves terabytes of shadow memory, so memory cannot be limited under it.
constexpr bool sanitized = HEED_ADDRESS_SANITIZER || HEED_THREAD_SANITIZER;

// Keeps a mistake from harming the machine: no core files, and a memory limit that prevents
// swapping. RLIMIT_DATA counts writable memory; the address space would be a poor measure, because
// threads reserve much more than they use.
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
    if (pipe(ends) != 0)
      throw EnvironmentError(concat("[heed] cannot create a pipe: ", std::strerror(errno)));
    read_end = ends[0];
    write_end = ends[1];
    fcntl(read_end, F_SETFD, FD_CLOEXEC);
    fcntl(write_end, F_SETFD, FD_CLOEXEC);
  }
  ~Pipe() {
    close_end(read_end);
    close_end(write_end);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  static void close_end(int& descriptor) {
    if (descriptor >= 0) close(descriptor);
    descriptor = -1;
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

// The child's side of fork(): runs the command. If that fails, writes errno to `failed` and exits.
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

// A child process while it runs.
struct Child {
  pid_t pid;
  int output;
  Clock::time_point start = Clock::now();
  bool open = true, alive = true;
  bool told_to_end = false;
  Clock::time_point died = {}, told = {};
  std::size_t bytes = 0;  // of output
};

// Reads available output. Sets child.open to false at the end of the output.
void read_output(Child& child, const Limits& limits, ProcessResult& result) {
  char buffer[1 << 14];
  const ssize_t n = read(child.output, buffer, sizeof buffer);
  if (n < 0) {
    child.open = errno == EINTR || errno == EAGAIN;
    return;
  }
  const auto count = static_cast<std::size_t>(n);
  child.open = n > 0;
  child.bytes += count;
  if (limits.on_output && n > 0) limits.on_output(std::string(buffer, count));
  const std::size_t left = limits.keep_bytes - std::min(limits.keep_bytes, result.output.size());
  result.output.append(buffer, std::min(left, count));
  result.cut = result.cut || count > left;
}

void check_exit(Child& child, ProcessResult& result) {
  int status = 0;
  if (!child.alive || waitpid(child.pid, &status, WNOHANG) != child.pid) return;
  child.alive = false;
  child.died = Clock::now();
  if (child.told_to_end) return;
  const bool signalled = WIFSIGNALED(status);
  result.outcome = signalled ? ProcessResult::Outcome::signalled : ProcessResult::Outcome::exited;
  result.code = signalled ? WTERMSIG(status) : WEXITSTATUS(status);
}

// Ends the child if it exceeds a limit or must stop.
void enforce_limits(Child& child, const Limits& limits, const ShouldStop& should_stop,
                    ProcessResult& result) {
  if (!child.alive) return;
  if (child.told_to_end) {
    if (since(child.told) > 2) kill(-child.pid, SIGKILL);
    return;
  }
  if (limits.seconds > 0 && since(child.start) > limits.seconds)
    result.outcome = ProcessResult::Outcome::timed_out;
  else if (limits.kill_after_bytes > 0 && child.bytes > limits.kill_after_bytes)
    result.outcome = ProcessResult::Outcome::too_much_output;
  else if (should_stop && should_stop())
    result.outcome = ProcessResult::Outcome::stopped;
  else
    return;
  child.told_to_end = true;
  child.told = Clock::now();
  // A build tool needs SIGTERM to end its compilers and to delete incomplete objects. A learner's
  // program does not.
  kill(-child.pid, limits.confined ? SIGKILL : SIGTERM);
}

// Follows the child until it has ended.
void follow(Child& child, const Limits& limits, const ShouldStop& should_stop, ProcessResult& result) {
  while (child.alive || child.open) {
    pollfd waiting{child.output, POLLIN, 0};
    if (poll(&waiting, child.open ? 1 : 0, 20) > 0) read_output(child, limits, result);
    check_exit(child, result);
    // Processes that the child started may keep the output open; wait for them only briefly.
    const double waited = since(child.told_to_end ? child.told : child.died);
    if (!child.alive && waited > (child.told_to_end ? 2 : 0.3)) break;
    enforce_limits(child, limits, should_stop, result);
  }
  kill(-child.pid, SIGKILL);  // the remaining processes of the group
}

// Waits until the child runs the program or has failed to start it. Returns errno if it failed,
// else 0.
int start_error(int failed) {
  int error = 0;
  ssize_t got = -1;
  do {
    got = read(failed, &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  return got == sizeof error ? error : 0;
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& command, const Limits& limits,
                          const ShouldStop& should_stop) {
  Pipe output, failed;
  const pid_t pid = fork();
  if (pid < 0) throw EnvironmentError(concat("[heed] cannot create a process: ", std::strerror(errno)));
  if (pid == 0) become_child(command, limits, output.write_end, failed.write_end);
  setpgid(pid, pid);  // parent and child both call it, so the order in which they run does not matter
  Pipe::close_end(output.write_end);
  Pipe::close_end(failed.write_end);
  ProcessResult result;
  Child child{pid, output.read_end};
  if (const int error = start_error(failed.read_end)) {
    waitpid(pid, nullptr, 0);
    result.outcome = ProcessResult::Outcome::not_started;
    result.code = error;
    return result;
  }
  follow(child, limits, should_stop, result);
  result.seconds = since(child.start);
  return result;
}

int run_in_terminal(const std::vector<std::string>& command) {
  const pid_t child = fork();
  if (child < 0) throw EnvironmentError(concat("[heed] cannot create a process: ", std::strerror(errno)));
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
  throw EnvironmentError(concat("[heed] ", command[0], ": ", std::strerror(errno)));
}

std::string signal_in_words(int signal) {
  switch (signal) {
    case SIGSEGV:
      return tr("accessed memory that it does not own, or recursed too deeply (SIGSEGV)");
    case SIGBUS:
      return tr("accessed memory that does not exist (SIGBUS)");
    case SIGABRT:
      return tr("aborted: a failed assertion, a corrupted heap or an uncaught exception (SIGABRT)");
    case SIGFPE:
      return tr("divided an integer by zero (SIGFPE)");
    case SIGILL:
      return tr("reached code that must not run, for example after a missing return (SIGILL)");
    case SIGTRAP:
      return tr("reached code that must not run, for example after a missing return (SIGTRAP)");
    case SIGKILL:
      return tr("was killed by the system, often because memory ran out (SIGKILL)");
    default:
      return tr("was ended by signal {1} ({2})", signal, strsignal(signal));
  }
}

}  // namespace heed::runner
