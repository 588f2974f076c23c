// error.h — every refusal of heed, in one form:
//
//   [matmul] the inner sizes differ: (2, 3) x (4, 5); the columns of a must equal the rows of b. Hint: …
//
// An op checks all of its arguments before it does any work, so a thrown Error leaves nothing half done.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace heed {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Joins its arguments as a stream would print them.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

// Throws Error "[op] parts…".
template <class... Parts>
[[noreturn]] void fail(const char* op, const Parts&... parts) {
  throw Error(concat("[", op, "] ", parts...));
}

// fail(op, parts…) unless `holds`. The message is built only when it is needed.
template <class... Parts>
void check(bool holds, const char* op, const Parts&... parts) {
  if (!holds) [[unlikely]]
    fail(op, parts...);
}

}  // namespace heed
