// places.h — where the runner finds the course, and where it writes.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include "autograd/error.h"

namespace heed::runner {

namespace fs = std::filesystem;

// What is wrong with the machine or the course and not with the learner's code: exit status 3.
struct Environment : Error {
  using Error::Error;
};
// A command line that says nothing: exit status 2.
struct Usage : Error {
  using Error::Error;
};

struct Places {
  fs::path source;     // the project
  fs::path build;      // the build folder that this program lies in
  fs::path exercises;  // holds NN_name/exercises/NAME.cpp: source/lessons, or $HEED_EXERCISES
  fs::path state;      // progress and backups: source/.heed, or $HEED_STATE

  static Places here();
  fs::path lessons() const { return source / "lessons"; }
  fs::path judged() const { return build / "lessons" / "judged"; }
  // As the learner would type it: without the project's own path in front.
  std::string shown(const fs::path& path) const;
};

std::string read_text(const fs::path& path);                     // Environment where it cannot be read
void write_text(const fs::path& path, const std::string& text);  // whole or not at all; makes the folders
// Puts `text` as NAME-DATE-TIME.EXTENSION into state/backups and returns where; never over another.
fs::path back_up(const Places& places, const std::string& name, const std::string& extension,
                 const std::string& text);
// "./lessons/heed run 02_sdpa": what is to be typed, with the runner's name as it was called.
std::string command(const std::string& words);
std::string now_text();  // "2024-05-01T09:30:00", local time

}  // namespace heed::runner
