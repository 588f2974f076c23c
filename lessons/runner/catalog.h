// catalog.h — the course as the runner sees it: read from hints.md and mistakes.md of every lesson's folder.
//
//   ## softmax_rows
//
//   Turn each row of scores into shares of one whole.
//   10 minutes · ●○○ · after 00_hello · 4 tests
//
//   1. A question that leads.
//   2. A plan of shapes.
//   3. Nearly the code.
//
// What does not read so is named by file and line, and the rest of that file is left out: one slip in a page does not
// stop a learner, and no exercise is lost in silence.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "lessons/runner/places.h"

namespace heed::runner {

struct Entry {
  std::string id;      // "02_softmax_rows"
  std::string folder;  // "02_scaled_dot_product_attention"
  std::string name;    // "softmax_rows"
  std::string title;
  int minutes = 0;
  int difficulty = 1;              // 1 to 3
  std::vector<std::string> after;  // ids of what should be done before
  int tests = 0;                   // how many the check has: fewer run means that something is broken
  std::array<std::string, 3> hints;

  std::string stars() const;  // "●○○"
  fs::path file(const Places& p) const { return p.exercises / folder / "exercises" / (name + ".cpp"); }
  fs::path solution(const Places& p) const { return p.lessons() / folder / "solutions" / (name + ".cpp"); }
};

// A page of mistakes.md.
struct Mistake {
  std::string id, title, text;
};

struct Catalog {
  std::vector<Entry> exercises;  // by folder, then as hints.md has them: the order of doing
  std::vector<Mistake> mistakes;
  std::vector<std::string> faults;  // "lessons/02_…/hints.md:7: expected …"

  // By id, by name, or by what begins or is part of only one id ("sdpa"). Throws Usage that suggests the nearest.
  const Entry& find(const std::string& typed) const;
  const Mistake& mistake(const std::string& typed) const;
  std::size_t index(const Entry& entry) const { return static_cast<std::size_t>(&entry - exercises.data()); }
};

Catalog read_catalog(const fs::path& lessons);

// What no single line shows: prerequisites that are unknown or come later, an id used twice. Empty: all is well.
std::vector<std::string> inconsistencies(const Catalog& catalog);

}  // namespace heed::runner
