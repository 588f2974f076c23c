// signals.h — makes Ctrl-C a flag: the runner ends its children and restores the terminal before it
// exits.
#pragma once

namespace heed::runner {

void catch_signals();  // records SIGINT, SIGTERM and SIGHUP; ignores SIGPIPE
int caught_signal();   // the first signal recorded, or 0
void forget_signal();

}  // namespace heed::runner
