// line_reader.h — reads a text line by line; errors name the file and the line.
#pragma once

#include <string>
#include <vector>

#include "lessons/runner/paths.h"
#include "lessons/runner/text.h"

namespace heed::runner {

class LineReader {
 public:
  // `shown`: the file's path in error messages.
  LineReader(const std::string& text, std::string shown) : shown_(std::move(shown)), lines_(lines_of(text)) {}

  bool done() const { return index_ >= lines_.size(); }
  const std::string& line() const { return lines_[index_]; }
  void next() { ++index_; }
  void skip_empty() {
    while (!done() && trimmed(line()).empty()) next();
  }
  [[noreturn]] void fail(const std::string& expected) const {
    const std::string got = done() ? "the end of the file" : "\"" + shortened(trimmed(line()), 60) + "\"";
    throw EnvironmentError(concat(shown_, ":", index_ + 1, ": expected ", expected, ", got ", got));
  }

 private:
  std::string shown_;
  std::vector<std::string> lines_;
  std::size_t index_ = 0;
};

}  // namespace heed::runner
