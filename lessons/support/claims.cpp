#include "lessons/support/claims.h"

#include <algorithm>
#include <cmath>

#include "autograd/error.h"
#include "lessons/support/lesson.h"

namespace heed::lessons {

std::string to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::holds:
      return "holds";
    case Verdict::does_not_hold:
      return "does not hold";
    case Verdict::not_measured:
      return "could not be measured";
    case Verdict::by_construction:
      return "true by construction";
  }
  return "";
}

Part number(double x, int decimals) { return {x, Part::Unit::plain, decimals}; }
Part percentage(double fraction, int decimals) { return {fraction, Part::Unit::percent, decimals}; }
Part power(double x) { return {x, Part::Unit::power, 1}; }

namespace {

// The digits of a number without its unit.
std::string digits(const Part& part, double value) {
  if (part.unit == Part::Unit::power) return scientific(value);
  return fixed(part.unit == Part::Unit::percent ? 100 * value : value, part.decimals);
}

std::string unit_of(const Part& part) { return part.unit == Part::Unit::percent ? " %" : ""; }

}  // namespace

std::string to_string(const Measurement& measured) {
  std::string text;
  for (const Part& part : measured)
    text += part.unit == Part::Unit::text ? part.text : digits(part, part.value) + unit_of(part);
  return text;
}

std::string measured_over(const std::vector<Claim>& all) {
  std::vector<Claim> runs = all;
  std::erase_if(runs, [](const Claim& run) { return run.verdict == Verdict::not_measured; });
  if (runs.empty()) return to_string(all.front().measured);
  const Measurement& first = runs.front().measured;
  std::string text;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first[i].unit == Part::Unit::text) {
      text += first[i].text;
      continue;
    }
    double sum = 0, low = INFINITY, high = -INFINITY;
    for (const Claim& run : runs) {
      check(run.measured.size() == first.size(), "claim", "expected equally many parts for every seed of \"",
            run.id, "\"");
      const double value = run.measured[i].value;
      sum += value;
      low = std::min(low, value);
      high = std::max(high, value);
    }
    text += digits(first[i], sum / static_cast<double>(runs.size()));
    const std::string lowest = digits(first[i], low), highest = digits(first[i], high);
    if (lowest != highest) text += concat(" (", lowest, " to ", highest, ")");
    text += unit_of(first[i]);
  }
  return text;
}

std::string verdict_over(const std::vector<Claim>& runs) {
  const Verdict first = runs.front().verdict;
  if (std::ranges::all_of(runs, [&](const Claim& run) { return run.verdict == first; }))
    return to_string(first);
  const auto holding = std::ranges::count(runs, Verdict::holds, &Claim::verdict);
  const auto missing = std::ranges::count(runs, Verdict::not_measured, &Claim::verdict);
  return concat("holds for ", holding, " of ", runs.size(), " seeds",
                missing > 0 ? concat(", not measured for ", missing) : "");
}

}  // namespace heed::lessons
