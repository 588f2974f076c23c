// progress.h — the learner's progress, a text file that a person can read and edit:
//
//   02_softmax_rows  state=pass  passed=2024-05-01T09:30:00  hints=1  gave_up=no  file=8c736521a5b0f2d1
//
// One line per exercise. A line that cannot be parsed is reported and skipped, and the whole file
// is backed up before it is written again, so nothing is lost.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lessons/runner/paths.h"
#include "lessons/runner/verdict.h"

namespace heed::runner {

struct Record {
  State state = State::todo;  // of the last verdict
  std::string passed = {};    // when it first passed; "" if it never has
  int hints = 0;              // the number of hints shown
  bool gave_up = false;       // saw the solution before passing
  std::string file = {};      // fingerprint of the text that was judged last
};

class Progress {
 public:
  explicit Progress(const Paths& paths);

  Record of(const std::string& id) const;  // a default record if there is none
  // Changes one record. Reads the file first, so records of other terminals are kept.
  void update(const std::string& id, const std::function<void(Record&)>& change);
  // One warning for each line that was skipped: "…/progress:3: skipped a line that …".
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  void read();
  void write();
  Paths paths_;
  fs::path path_;
  std::map<std::string, Record> records_;
  std::vector<std::string> warnings_;
  std::string damaged_;  // the text of the file if a line was skipped
};

// A hash of the text (FNV-1a, 64 bits), as 16 hexadecimal digits.
std::string fingerprint(const std::string& text);

}  // namespace heed::runner
