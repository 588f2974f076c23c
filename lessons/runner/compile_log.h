// compile_log.h — what the compiler and the linker said of the learner's file.
#pragma once

#include <optional>
#include <string>

namespace heed::runner {

struct Complaint {
  int line = 0, column = 0;  // in the learner's file
  std::string text = {};     // "'foo' was not declared in this scope"
  std::string where =
      {};  // "autograd/ops.h:12" where the compiler points elsewhere; the line above is what led there
};

struct CompileLog {
  std::optional<Complaint> error, warning;  // the first of each
  bool in_learners_file = false;            // it was the learner's source that did not compile
  std::string link_error = {};              // the linker's first line
  bool missing_function = false;  // the linker found no heed::exercise:: function that the check calls
};

// `file`: as the compiler names the learner's source; `object`: the end of its object's name, by which a failed step is
// recognised. Reads g++ and clang++, under Ninja and make.
CompileLog read_compile_log(const std::string& log, const std::string& file, const std::string& object);

}  // namespace heed::runner
