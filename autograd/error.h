// error.h — the exception of heed, and the format of its messages:
//
//   [matmul] expected …, got (2, 3) x (4, 5); the columns of a must equal the rows of b. Hint: …
//
// Ops check all arguments before they do any work, so an Error leaves no partial result.
#pragma once

#include <sstream>
#include <string>
#include <type_traits>

#include "autograd/kernels/error.h"

namespace heed {

// Returns the concatenation of its arguments as a stream prints them.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

namespace internal {

// Prints one part of a message. Types with a function describe(stream, value) use that: Tensor,
// Mask and IntTensor print their shape, or "an undefined tensor". A callable prints its result. All
// other types print as in a stream.
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

}  // namespace internal

// Throws Error "[op] parts…".
template <class... Parts>
[[noreturn]] void fail(const char* op, const Parts&... parts) {
  std::ostringstream out;
  out << '[' << op << "] ";
  (internal::print_part(out, parts), ...);
  throw Error(out.str());
}

// Throws Error "[op] parts…" unless the condition holds. The parts are formatted only on failure:
// pass tensors, shapes and callables, not strings built for the message.
template <class... Parts>
void check(bool condition, const char* op, const Parts&... parts) {
  if (!condition) [[unlikely]]
    fail(op, parts...);
}

}  // namespace heed
