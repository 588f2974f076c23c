// paths.h — the folders that the runner reads and writes, and its two kinds of errors.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include "autograd/error.h"

namespace heed::runner {

namespace fs = std::filesystem;

// A problem with the machine or the course files, not with the learner's code: exit status 3.
struct EnvironmentError : Error {
  using Error::Error;
};
// An invalid command line: exit status 2.
struct UsageError : Error {
  using Error::Error;
};

struct Paths {
  fs::path source;     // the project
  fs::path build;      // the build folder that contains this program
  fs::path exercises;  // contains NN_name/exercises/NAME.cpp: source/lessons, or $HEED_EXERCISES
  fs::path state;      // progress and backups: source/.heed, or $HEED_STATE

  static Paths here();
  fs::path lessons() const { return source / "lessons"; }
  fs::path judged() const { return build / "lessons" / "judged"; }
  // Held by every process that builds in the folder, also by ./lessons/start and ./lessons/heed.
  fs::path build_lock() const { return build / ".lock"; }
  // The path relative to the project if it is inside the project.
  std::string display(const fs::path& path) const;
};

// Throws EnvironmentError if the file cannot be read.
std::string read_text(const fs::path& path);
// Writes the whole file or nothing; creates missing folders. Throws EnvironmentError.
void write_text(const fs::path& path, const std::string& text);
// Writes `text` to a new file state/backups/NAME-DATE-TIME.EXTENSION and returns its path.
fs::path back_up(const Paths& paths, const std::string& name, const std::string& extension,
                 const std::string& text);
// The command to type for a command line of the runner: "./lessons/heed run 02_sdpa" for "run
// 02_sdpa".
std::string invocation(const std::string& words);
std::string now_text();  // "2024-05-01T09:30:00", local time

}  // namespace heed::runner
