// compile_log.h — reads the messages of the compiler and the linker about the learner's file.
#pragma once

#include <optional>
#include <string>

namespace heed::runner {

struct Diagnostic {
  int line = 0, column = 0;  // in the learner's file
  std::string text = {};     // "'foo' was not declared in this scope"
  // "autograd/ops.h:12" if the compiler reports the error in another file; line and column are then
  // the learner's line that led to it.
  std::string location = {};
};

struct CompileLog {
  std::optional<Diagnostic> error, warning;  // the first of each
  bool in_learners_file = false;             // the learner's source did not compile
  std::string link_error = {};               // the linker's first error
  bool missing_function = false;             // the linker reports an undefined function
};

// `file`: the learner's source as the compiler names it. `object`: the end of its object's name,
// which identifies the failed build step. Reads messages of g++ and clang++, from Ninja and make.
CompileLog read_compile_log(const std::string& log, const std::string& file, const std::string& object);

}  // namespace heed::runner
