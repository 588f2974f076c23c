// command_line.h — parses the arguments of `heed` and runs a command.
#pragma once

#include <string>
#include <vector>

namespace heed::runner {

// Returns the exit status: 0 success, 1 at least one exercise does not pass, 2 invalid command
// line, 3 a problem with the machine or the course files; 128 + the signal's number if a signal
// ended the command.
int run_command_line(const std::vector<std::string>& words);

}  // namespace heed::runner
