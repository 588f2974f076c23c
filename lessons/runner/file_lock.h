// file_lock.h — mutual exclusion between processes: two terminals of one learner share a build
// folder and a progress file, and so do two tests.
#pragma once

#include <functional>

#include "lessons/runner/paths.h"

namespace heed::runner {

// Holds the lock from construction to destruction. The system releases it if the program dies.
class FileLock {
 public:
  // Waits until the lock is free. If `give_up` is set, it is called ten times per second while
  // waiting; the lock is not acquired if it returns true.
  explicit FileLock(const fs::path& path, const std::function<bool()>& give_up = {});
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  bool held() const { return held_; }

 private:
  int descriptor_;
  bool held_ = false;
};

}  // namespace heed::runner
