// error.h — the one exception of heed, and the format of every message:
//
//   [matmul] expected the columns of a to equal the rows of b, got (2, 3) x (4, 5). Hint: …
//
// An op checks all of its arguments before it does any work, so a thrown Error leaves nothing half done.
#pragma once

#include <sstream>
#include <string>
#include <type_traits>

#include "autograd/kernels/error.h"

namespace heed {

// Joins its arguments as a stream would print them.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

namespace detail {

// Prints one part of a message. A type with its own `describe(stream, value)` uses that: a Tensor, a Mask and an
// IntTensor print their shape, or "an undefined tensor". A callable prints its result. Anything else prints
// as in a stream.
template <class T>
void print_part(std::ostream& out, const T& part) {
  if constexpr (requires { describe(out, part); }) {
    describe(out, part);
  } else if constexpr (std::is_invocable_v<const T&>) {
    print_part(out, part());
  } else {
    out << part;
  }
}

}  // namespace detail

// Throws Error "[op] parts…".
template <class... Parts>
[[noreturn]] void fail(const char* op, const Parts&... parts) {
  std::ostringstream out;
  out << '[' << op << "] ";
  (detail::print_part(out, parts), ...);
  throw Error(out.str());
}

// Throws Error "[op] parts…" unless `holds`. The parts are formatted only then: pass tensors, shapes and
// callables, never a string that was built for the message.
template <class... Parts>
void check(bool holds, const char* op, const Parts&... parts) {
  if (!holds) [[unlikely]]
    fail(op, parts...);
}

}  // namespace heed
