// math.h — a small subset of LaTeX as MathML, which browsers show without JavaScript.
//
//   \frac{QK^\top}{\sqrt{d_k}}, \mathrm{softmax}(x), x_{ij}^2, \sum_{i=1}^n, \left( … \right)
//
// GitHub shows the same formulas, between $ in a line and between $$ as a block of their own.
#pragma once

#include <string>
#include <string_view>

#include "lessons/site/text.h"

namespace heed::book {

// Returns a <math> element; `block` for a formula of its own. Throws BookError, which begins with
// `at`, if a command is unknown or a brace is missing.
std::string math_to_html(std::string_view latex, bool block, const Location& at);

}  // namespace heed::book
