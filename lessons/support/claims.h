// claims.h — claims of a lesson: a sentence, its measurement and its verdict, for one seed or several.
#pragma once

#include <string>
#include <vector>

namespace heed::lessons {

enum class Verdict {
  holds,
  does_not_hold,
  not_measured,     // the machine could not measure it: it is busy, or has too few cores
  by_construction,  // an identity: it is checked, but it is no evidence
};
std::string to_string(Verdict verdict);

// A part of a measurement: text, or a number with its unit.
struct Part {
  enum class Unit { text, plain, percent, power };
  Part(const char* words) : text(words) {}             // NOLINT(google-explicit-constructor)
  Part(std::string words) : text(std::move(words)) {}  // NOLINT(google-explicit-constructor)
  Part(double number, Unit its_unit, int its_decimals)
      : value(number), unit(its_unit), decimals(its_decimals) {}

  std::string text = {};
  double value = 0;
  Unit unit = Unit::text;
  int decimals = 0;
};
Part number(double x, int decimals = 0);             // "9.3"
Part percentage(double fraction, int decimals = 1);  // "97.5 %"
Part power(double x);                                // "1.3e-07"

// For example {"within ", percentage(error), " at every width"}. Over several seeds, each number
// becomes its mean and its range.
using Measurement = std::vector<Part>;
std::string to_string(const Measurement& measured);

struct Claim {
  std::string id;  // unique in the lesson
  std::string text;
  Measurement measured;
  Verdict verdict = Verdict::holds;
};

// The runs of one claim with several seeds, in one line: "9.3 (8.1 to 10.4) times smaller". Runs that
// could not measure it are left out, unless none could. Requires at least one run, and equally many
// parts in all runs that are not left out.
std::string measured_over(const std::vector<Claim>& runs);
// The common verdict, or "holds for 3 of 5 seeds", or "holds for 3 of 5 seeds, not measured for 2".
std::string verdict_over(const std::vector<Claim>& runs);

}  // namespace heed::lessons
