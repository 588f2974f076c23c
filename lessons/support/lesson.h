// lesson.h — the form that all lessons share: options, headings, shapes, and claims that are measured.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "autograd/autograd.h"

namespace heed::lessons {

// What every lesson takes on its command line. A lesson is deterministic in all of it.
struct Options {
  std::uint64_t seed = 0;
  int threads = 0;                               // 0: as HEED_THREADS or the machine says
  bool quick = false;                            // a run of a few seconds, with the same steps
  bool quiet = false;                            // no progress
  std::string figures;                           // a folder for SVG files; empty: none are written
  std::string data = {};                         // real data in place of the embedded default
  int epochs = 0;                                // passes over the training data; 0: the lesson's own number
  std::string save = {};                         // where the trained model goes; empty: nowhere
  std::string claims = {};                       // a file that gets a line for each claim; empty: none
  std::map<std::string, std::string> more = {};  // the lesson's own options that were given, by name

  // The value of one of the lesson's own options; "" where it was not given.
  std::string given(const std::string& option) const { return more.contains(option) ? more.at(option) : ""; }
  // The same as a number; `otherwise` where it was not given. What is no number is a wrong command line.
  double number(const std::string& option, double otherwise) const;
  // The same as a whole number from `low` to 1,000,000.
  int whole(const std::string& option, int otherwise, int low = 1) const;
};

// An option that one lesson alone takes, always with a value.
struct OwnOption {
  std::string name = {};   // "--weights"
  std::string value = {};  // "DIR"
  std::string help = {};
};

// What a lesson says of itself in --help, and which options it has a use for.
struct About {
  std::string program = {};  // "lesson_08"
  std::string title = {};
  std::string data = {};  // help of --data; empty: the lesson takes no data
  bool trains = false;    // takes --epochs
  bool saves = false;     // takes --save
  std::vector<OwnOption> more = {};
};

// The printed page of one lesson.
class Page {
 public:
  // `claims`: a file to which every claim is added as "program <tab> claim <tab> measured <tab> holds"; empty: none.
  explicit Page(const About& about, const std::string& claims = "");
  // "1 · A digit becomes sixteen words", underlined; steps number themselves.
  void step(const std::string& heading);
  // A paragraph, wrapped to the width of the page.
  void say(const std::string& text);
  // "  patches       (1, 16, 4)        16 patches of 2 x 2 pixels"
  void shape(const std::string& name, const Shape& shape, const std::string& meaning = "");
  // Lines as they are (tables, pictures).
  void print(const std::string& block);
  // "claim — what was measured — holds": one line for each claim of the section.
  void claim(const std::string& claim, const std::string& measured, bool holds);
  bool all_hold() const { return failed_ == 0; }

 private:
  std::string program_, claims_;
  int steps_ = 0, failed_ = 0;
};

// Parses the command line, sets the threads, runs the body and turns errors into one clear line. Exit status:
// 0 done (whatever the claims came to: they are results), 1 an error, 2 a wrong command line.
int run(int argc, char** argv, const About& about, const std::function<void(const Options&, Page&)>& body);

// "0.123" with a fixed number of decimals.
std::string fixed(double x, int decimals);
// "1.3e-07"
std::string scientific(double x);
// "97.5 %"
std::string percent(double fraction, int decimals = 1);

}  // namespace heed::lessons
