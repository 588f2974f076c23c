// signals.h — Ctrl-C and its kin ask the runner to end; it ends what it started, mends the terminal, and goes.
#pragma once

namespace heed::runner {

void catch_signals();  // SIGINT, SIGTERM, SIGHUP are noted, not obeyed; SIGPIPE is ignored
int caught_signal();   // the first that came, or 0
void forget_signal();

}  // namespace heed::runner
