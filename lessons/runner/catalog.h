// catalog.h — the course as the runner sees it: the exercises from solutions/, the mistakes from
// mistakes.md.
//
// A file that does not have the expected form is reported with its line and skipped, so an error in
// one page does not stop a learner, and no exercise disappears silently.
#pragma once

#include <string>
#include <vector>

#include "lessons/runner/exercise_file.h"
#include "lessons/runner/paths.h"

namespace heed::runner {

struct Entry : ExerciseInfo {
  std::string id;      // "02_softmax_rows"
  std::string folder;  // "02_scaled_dot_product_attention"
  std::string name;    // "softmax_rows"
  int tests = 0;       // tests in checks/NAME.cpp; if fewer run, the check is broken

  fs::path file(const Paths& p) const { return p.exercises / folder / "exercises" / (name + ".cpp"); }
  fs::path solution(const Paths& p) const { return p.lessons() / folder / "solutions" / (name + ".cpp"); }
};

// A section of mistakes.md.
struct Mistake {
  std::string id, title, text;
};

struct Catalog {
  std::vector<Entry> exercises;  // by folder, then by number
  std::vector<Mistake> mistakes;
  std::vector<std::string> errors;  // "lessons/02_…/mistakes.md:7: expected …"

  // Finds an exercise by id, by name, or by a unique part of its id ("sdpa"). Throws UsageError,
  // which suggests the most similar id.
  const Entry& find(const std::string& typed) const;
  const Mistake& mistake(const std::string& typed) const;
  std::size_t index(const Entry& entry) const { return static_cast<std::size_t>(&entry - exercises.data()); }
};

// `lessons`: the folder that holds NN_name/solutions/NAME.cpp. Throws EnvironmentError if it has no
// exercise.
Catalog read_catalog(const fs::path& lessons);

// The errors of the catalog, and contradictions between files: prerequisites that are unknown or
// come later, ids and numbers that are used twice. Empty if everything is consistent.
std::vector<std::string> inconsistencies(const Catalog& catalog);

}  // namespace heed::runner
