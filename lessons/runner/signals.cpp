#include "lessons/runner/signals.h"

#include <csignal>
#include <initializer_list>

namespace heed::runner {

namespace {
volatile std::sig_atomic_t caught = 0;
void note(int signal) {
  if (caught == 0) caught = signal;
}
}  // namespace

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = note;  // no SA_RESTART: waiting for a key ends immediately
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int caught_signal() { return caught; }
void forget_signal() { caught = 0; }

}  // namespace heed::runner
