// generate.h — the files that are derived from the exercises' sources: for course authors.
//
//   lessons/NN_name/exercises.h   the declarations, after the comment "Generated from solutions/ …"
//   lessons/NN_name/README.md     the table under "## Exercises", and the one under "## Results"
//                                 from claims.tsv, if the lesson has that file
//   lessons/…/exercises/NAME.cpp  the stubs
//   README.md                     the numbers of exercises and of known mistakes
#pragma once

#include <string>
#include <vector>

#include "lessons/runner/catalog.h"

namespace heed::runner {

struct GeneratedFile {
  fs::path path;
  std::string text;  // of the whole file
  bool is_stub = false;
};

// All of them, whether or not they are up to date. Throws EnvironmentError if a file lacks the part
// that is generated.
std::vector<GeneratedFile> generated_files(const Paths& paths, const Catalog& catalog);

// `text` with new declarations after the "Generated from solutions/" comment.
std::string with_declarations(const std::string& text, const std::vector<std::string>& declarations,
                              const std::string& shown);
// `text` with `table` instead of the first table of the section `title`.
std::string with_table(const std::string& text, const std::string& title, const std::string& table,
                       const std::string& shown);
// `text` with `count` instead of the number before `words`: "86 small functions".
std::string with_count(const std::string& text, int count, const std::string& words,
                       const std::string& shown);

// Whether a file that differs from its stub is a learner's work. It is not if only the comment at
// its top differs.
bool is_edited(const std::string& file, const std::string& stub);

}  // namespace heed::runner
