// heed — judges what a learner writes, and says which mistake it is. Everything is behind run_command_line.
#include "lessons/runner/command_line.h"
#include "lessons/runner/signals.h"

int main(int argc, char** argv) {
  heed::runner::catch_signals();
  return heed::runner::run_command_line({argv + 1, argv + argc});
}
