// report.h — a verdict as text for people and as JSON for programs.
#pragma once

#include <string>
#include <vector>

#include "lessons/runner/catalog.h"
#include "lessons/runner/json_object.h"
#include "lessons/runner/verdict.h"

namespace heed::runner {

// One line on the screen. The style is applied last, after the text is cut to the width of the
// screen.
struct Line {
  enum class Style { plain, bold, dim, green, yellow, red };
  std::string text = {};
  Style style = Style::plain;
};
using Lines = std::vector<Line>;

// Adds escape sequences if the terminal has colour.
std::string styled(const Line& line);
std::string styled(const Lines& lines);  // each with a newline

const char* mark(State state);      // ✓ ✗ ·
std::string in_words(State state);  // "does not compile"
Line::Style style_of(State state);  // green if passed, yellow if not written yet, else red

// `source`: the text that was judged. `max_printed`: the maximum number of lines shown of the
// learner's own output.
Lines report(const Paths& paths, const Entry& entry, const Verdict& verdict, const std::string& source,
             std::size_t max_printed = 40);
JsonObject json_report(const Paths& paths, const Entry& entry, const Verdict& verdict,
                       const std::string& source);

}  // namespace heed::runner
