// heed — judges exercises and names mistakes. Everything else is in the library heed_runner, so
// that tests can link it.
#include "lessons/runner/command_line.h"
#include "lessons/runner/signals.h"

int main(int argc, char** argv) {
  heed::runner::catch_signals();
  return heed::runner::run_command_line({argv + 1, argv + argc});
}
