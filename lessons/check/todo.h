// todo.h — what an exercise holds before it is solved.
#pragma once

#include <stdexcept>
#include <string>

namespace heed::exercise {

// Thrown by a stub: the runner shows it as "not written yet", not as a failure.
struct Todo : std::logic_error {
  using std::logic_error::logic_error;
};

[[noreturn]] inline void todo(const std::string& what) { throw Todo(what); }

}  // namespace heed::exercise
