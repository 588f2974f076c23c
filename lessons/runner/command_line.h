// command_line.h — from the words after `heed` to a verb and its exit status.
#pragma once

#include <string>
#include <vector>

namespace heed::runner {

// 0 all that was asked for passes, 1 not, 2 a wrong command line, 3 the machine or the course is at fault;
// 128 + the signal where one ended it.
int run_command_line(const std::vector<std::string>& words);

}  // namespace heed::runner
