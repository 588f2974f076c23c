// lesson.h — the common form of all lessons: command line, headings, shapes, and claims with their
// measurements.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "autograd/autograd.h"
#include "lessons/support/ask.h"
#include "lessons/support/claims.h"
#include "lessons/support/figures.h"

namespace heed::lessons {

// An invalid command line: exit status 2.
struct UsageError : Error {
  using Error::Error;
};
// A saved model that cannot be used: exit status 3.
struct ModelFileError : Error {
  using Error::Error;
};

// The command line of a lesson. A lesson is deterministic given its options.
struct Options {
  std::uint64_t seed = 0;
  int seeds = 1;                                 // the number of runs, with the seeds from `seed` on
  bool ask = false;                              // asks for a prediction before each claim
  int threads = 0;                               // 0: HEED_THREADS or the number of processors
  bool quick = false;                            // a run of a few seconds with the same steps
  bool quiet = false;                            // no progress
  FigureFolder figures = {};                     // the folder for SVG files
  std::string data = {};                         // real data instead of the embedded default
  int epochs = 0;                                // passes over the training data; 0: the lesson's default
  std::string save = {};                         // the file for the trained model; empty: it is not saved
  std::string claims = {};                       // the file for the claims; empty: none are written
  std::map<std::string, std::string> more = {};  // the lesson's own options that were given, by name

  // Whether one of the lesson's own options was given.
  bool has(const std::string& option) const { return more.contains(option); }
  // The value of one of the lesson's own options, or `otherwise` if it was not given.
  std::string value(const std::string& option, const std::string& otherwise = "") const {
    return has(option) ? more.at(option) : otherwise;
  }
  // The value as a finite number, or `otherwise`. Throws UsageError for others.
  double number(const std::string& option, double otherwise) const;
  // The value as an integer from `low` to `high`, or `otherwise`. Throws UsageError for others.
  int integer(const std::string& option, int otherwise, int low = 1, int high = 1'000'000) const;
};

// An option of a single lesson. `value` is the name of its value, "DIR"; the words that it accepts,
// "pre|post"; or empty if it has none. A value is checked before the lesson runs: words, integers
// named "N" and numbers named "X".
struct OwnOption {
  std::string name = {};  // "--weights"
  std::string value = {};
  std::string help = {};
  double low = -INFINITY, high = INFINITY;  // the range of an integer or a number
};

// The text for --help, and the options that a lesson accepts.
struct About {
  std::string program = {};  // "lesson_08"
  std::string title = {};
  std::string data = {};  // the help text of --data; empty: the lesson does not accept it
  bool trains = false;    // accepts --epochs
  bool saves = false;     // accepts --save
  std::vector<OwnOption> more = {};
};

// The printed page of a lesson.
class Page {
 public:
  Page(const About& about, const Options& options);
  // Prints a numbered, underlined heading: "1 · A digit becomes sixteen patches".
  void step(const std::string& heading);
  // Prints a paragraph, wrapped to the width of the page.
  void say(const std::string& text);
  // Prints a shape: "  patches       (1, 16, 4)        16 patches of 2 x 2 pixels".
  void shape(const std::string& name, const Shape& shape, const std::string& meaning = "");
  // Prints lines without changes (tables, images).
  void print(const std::string& block);

  // Prints a claim, its measurement, and whether it holds. `id` names the claim in the lesson's
  // claims.tsv. With --ask, asks for a prediction first.
  void claim(const std::string& id, const std::string& text, const Measurement& measured, bool holds);
  // The same for an identity, such as the shape of a reshaped tensor: it is true by construction, so
  // it is no evidence.
  void identity(const std::string& id, const std::string& text, const Measurement& measured, bool holds);
  // The same for a claim that this machine cannot measure, with the reason.
  void not_measured(const std::string& id, const std::string& text, const std::string& reason);

  // Starts the run with the next seed. Nothing is printed in it except the errors.
  void next_run();
  // Prints the claims over all seeds, if there were several, and the predictions. Appends the claims
  // to the file of --claims, one per line: program, id, claim, measured, verdict, seeds, instruction
  // set and CPU, separated by tabs; with --ask also the prediction: holds, does not hold, or empty.
  void finish();

 private:
  void add(Claim claim);
  void ask(const std::string& id, const std::string& text);
  void print_predictions() const;
  std::vector<std::vector<Claim>> by_claim() const;

  const About& about_;
  const Options& options_;
  int steps_ = 0;
  Answers answers_;
  std::map<std::string, bool> predictions_;  // whether the claim with this id holds
  std::vector<std::vector<Claim>> runs_;     // one list of claims per seed
};

// Parses the command line, sets the number of threads and runs the body. Returns the exit status: 0
// success (claims that do not hold are results, not errors), 1 an error, which is printed, 2 an
// invalid command line, 3 a saved model that cannot be used.
int run(int argc, char** argv, const About& about, const std::function<void(const Options&, Page&)>& body);

// "0.123", with a fixed number of decimals.
std::string fixed(double x, int decimals);
// "1.3e-07"
std::string scientific(double x);
// "97.5 %"
std::string percent(double fraction, int decimals = 1);

}  // namespace heed::lessons
