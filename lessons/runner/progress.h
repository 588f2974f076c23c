// progress.h — what the learner has done, kept as a text file that a person can read and mend:
//
//   02_softmax_rows  state=pass  passed=2024-05-01T09:30:00  hints=1  gave_up=no  file=8c736521a5b0f2d1
//
// One line an exercise. A line that does not read so (cut off, edited by hand) is named and skipped, and the whole
// file goes to the backups before it is written anew: nothing is lost, and nothing stops the learner.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lessons/runner/places.h"
#include "lessons/runner/verdict.h"

namespace heed::runner {

struct Record {
  State state = State::todo;  // of the last judgement
  std::string passed = {};    // when it first passed; "" where it never has
  int hints = 0;              // how many were shown
  bool gave_up = false;       // asked for the solution before passing
  std::string file = {};      // fingerprint of what was judged last
};

class Progress {
 public:
  explicit Progress(const Places& places);

  Record of(const std::string& id) const;  // a fresh one where nothing is known
  // Reads the file again, changes one record and writes: another terminal's records stay.
  void update(const std::string& id, const std::function<void(Record&)>& change);
  // "…/progress:3: not understood and skipped: …", for each line that was.
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  void read();
  void write();
  Places places_;
  fs::path path_;
  std::map<std::string, Record> records_;
  std::vector<std::string> complaints_;
  std::string damaged_;  // the file as it was, where a line of it was skipped
};

// A short number for a text; equal texts have equal ones (FNV-1a, 64 bits).
std::string fingerprint(const std::string& text);

}  // namespace heed::runner
