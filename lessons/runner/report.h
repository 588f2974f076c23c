// report.h — a verdict in words: lines for people, an object for programs.
#pragma once

#include <string>
#include <vector>

#include "lessons/runner/catalog.h"
#include "lessons/runner/json_object.h"
#include "lessons/runner/verdict.h"

namespace heed::runner {

// One line on the screen. Its look is put on last, after it was cut to the width there is.
struct Line {
  enum class Look { plain, bold, dim, green, yellow, red };
  std::string text = {};
  Look look = Look::plain;
};
using Lines = std::vector<Line>;

std::string shown(const Line& line);    // with its look, where the terminal has colour
std::string shown(const Lines& lines);  // each with its newline

const char* mark(State state);      // ✓ ✗ ·
std::string in_words(State state);  // "does not compile"
Line::Look look_of(State state);    // green; yellow for what is not written yet; red

// `source`: the text that was judged. `printed`: how many lines of the learner's own output at most.
Lines report(const Places& places, const Entry& entry, const Verdict& verdict, const std::string& source,
             std::size_t printed = 40);
JsonObject json_report(const Places& places, const Entry& entry, const Verdict& verdict,
                       const std::string& source);

}  // namespace heed::runner
